#include "server/api.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "server/answers.h"
#include "server/part_head.h"
#include "server/tar_upload.h"
#include "server/trace_context.h"

namespace cordon::server {

const std::vector<Api::Route>& Api::routes() {
  using enum Route::Access;
  using enum Route::Body;
  static const std::vector<Route> kRoutes = {
      {"POST", "/api/v1/sandbox/execute", &Api::execute, Caller, JsonOrForm},
      {"GET", "/api/v1/sandbox/status/{id}", &Api::status, Caller, None},
      {"POST", "/api/v1/sandbox/kill/{id}", &Api::kill, Caller, None},
      {"GET", "/api/v1/sandbox/info", &Api::info, Caller, None},
      {"PATCH", "/api/v1/sandbox/config", &Api::config, Caller, Json},
      {"GET", "/api/v1/executions", &Api::list, Caller, None},
      {"DELETE", "/api/v1/executions", &Api::prune, Caller, None},
      {"GET", "/api/v1/executions/{id}", &Api::inspect, Caller, None},
      {"DELETE", "/api/v1/executions/{id}", &Api::remove, Caller, None},
      {"GET", "/api/v1/executions/{id}/events", &Api::events, Caller, None},
      {"GET", "/api/v1/executions/{id}/output", &Api::output, Caller, None},
      {"POST", "/api/v1/executions/{id}/stdin", &Api::write_stdin, Caller, Bytes},
      {"POST", "/api/v1/jobs", &Api::start_job, Caller, Job},
      {"GET", "/api/v1/jobs", &Api::list_jobs, Caller, None},
      {"GET", "/api/v1/jobs/{id}", &Api::job_status, Caller, None},
      {"DELETE", "/api/v1/jobs/{id}", &Api::remove_job, Caller, None},
      {"POST", "/api/v1/jobs/{id}/cancel", &Api::cancel_job, Caller, None},
      {"GET", "/api/v1/jobs/{id}/events", &Api::job_events, Caller, None},
      {"GET", "/api/v1/jobs/{id}/output", &Api::job_output, Caller, None},
      {"GET", "/api/v1/jobs/{id}/artifacts", &Api::artifacts, Caller, None},
      {"GET", "/api/v1/envs", &Api::list_envs, Caller, None},
      {"DELETE", "/api/v1/envs", &Api::prune_envs, Caller, None},
      {"GET", "/api/v1/envs/{project}", &Api::env_status, Caller, None},
      {"DELETE", "/api/v1/envs/{project}", &Api::remove_env, Caller, None},
      {"POST", "/api/v1/envs/{project}/build", &Api::build_env, Caller, Env},
      {"POST", "/api/v1/envs/{project}/swap", &Api::swap_env, Caller, Json},
      {"GET", "/api/v1/backends", &Api::backends, Caller, None},
      {"GET", "/api/v1/stats", &Api::stats, Caller, None},
      {"GET", "/api/v1/audit", &Api::audit, Caller, None},
      {"GET", "/metrics", &Api::metrics, Caller, None},
      {"GET", "/healthz", &Api::health, Anybody, None},
      {"GET", "/readyz", &Api::readiness, Anybody, None},
      {"GET", "/openapi.json", &Api::openapi, Anybody, None},
  };
  return kRoutes;
}

// What a form of a web page can send without asking is no JSON. A form is taken where only who has
// a key, or this machine's own users, can send one.
std::string_view Api::Route::refuses(std::string_view type) const {
  const auto is = [&](std::string_view one) { return equal_ignoring_case(type, one); };
  switch (body) {
    case Body::Json:
      return is("application/json") ? "" : "the body is sent as application/json";
    case Body::JsonOrForm:
      return is("application/json") || is(kForm)
                 ? ""
                 : "the body is sent as application/json or multipart/form-data";
    case Body::Job:
    case Body::Env:
      return is("application/json") || is(kForm) || is(kTar)
                 ? ""
                 : "the body is sent as application/json, multipart/form-data or application/x-tar";
    case Body::Bytes:
      return is("application/octet-stream") ? "" : "the body is sent as application/octet-stream";
    case Body::None:
      break;
  }
  return {};
}

Api::Api(const ApiParts& parts)
    : manager_(parts.manager),
      authenticator_(parts.authenticator),
      log_(parts.log),
      audit_(parts.audit),
      jobs_(parts.jobs),
      envs_(parts.envs),
      env_state_dir_(parts.env_state_dir),
      uploads_(parts.uploads),
      most_body_(parts.most_body) {
  for (std::size_t i = 0; i < routes().size(); ++i) {
    router_.add(routes()[i].method, routes()[i].pattern, i);
  }
}

std::optional<Response> Api::look_at(const Request& request, const Peer& peer, Target& target,
                                     RouteMatch& match, Identity& identity) {
  if (const auto denial = authenticator_.check_browser(request, peer)) {
    audit_.turned_away(peer.address, denial->message);
    return refusal(denial->status, code_of_status(denial->status), denial->message);
  }
  auto parsed = parse_target(request.target());
  if (!parsed) return answer_to(parsed.error());
  target = std::move(*parsed);
  match = router_.match(request.method(), target);
  const bool found = match.kind == RouteMatch::Kind::Found;
  if (!found || routes()[match.route].access == Route::Access::Caller) {
    // Strangers do not even learn which routes there are.
    Denial denial;
    auto known = authenticator_.identify(request, peer, denial);
    if (!known) {
      const std::string uid = fmt::format("uid:{}", peer.uid);
      audit_.turned_away(peer.kind == PeerKind::UnixSocket ? uid : peer.address, denial.message);
      return refusal(denial.status, code_of_status(denial.status), denial.message);
    }
    identity = std::move(*known);
  }
  if (match.kind == RouteMatch::Kind::NoSuchMethod) {
    Response response = refusal(405, code_of_status(405),
                                fmt::format("here is {}, and no other method", match.allow));
    response.headers.emplace_back("Allow", match.allow);
    return response;
  }
  if (!found) {
    return refusal(404, "not_found", "there is nothing here; /openapi.json lists what there is");
  }
  return std::nullopt;
}

Admission Api::admit(const Request& request, const Peer& peer, const Reply& reply) {
  Target target;
  RouteMatch match;
  Identity identity;
  auto refused = look_at(request, peer, target, match, identity);
  if (!refused && (request.has_body || request.method() == "PATCH")) {
    const Route& route = routes()[match.route];
    if (route.body == Route::Body::None) {
      refused = refusal(400, code_of_status(400), "this request has no body");
    } else if (const auto why = route.refuses(media_type(request.header("Content-Type")));
               !why.empty()) {
      refused = refusal(415, code_of_status(415), why);
    }
  }
  Admission admission{.refused = std::move(refused)};
  if (!admission.refused) {
    const auto body = routes()[match.route].body;
    if (body == Route::Body::Job) {
      admission = admit_upload(kJobUpload, request, identity.caller, reply);
    } else if (body == Route::Body::Env && may_build(identity)) {
      // Nothing is taken of whoever is refused in any case.
      admission = admit_upload(kEnvUpload, request, identity.caller, reply);
    }
  }
  if (admission.refused) http_.answered(admission.refused->status);
  return admission;
}

void Api::serve(Request request, const Peer& peer, Reply reply) {
  Call call{std::move(request), {}, {}, {}, {}, std::move(reply)};
  RouteMatch match;
  if (const auto refused = look_at(call.request, peer, call.target, match, call.identity)) {
    return answer(call, *refused);
  }
  // Views into the target, which has moved into the call.
  call.parameters = router_.match(call.request.method(), call.target).parameters;
  const std::string_view trace = call.request.header("traceparent");
  if (is_traceparent(trace)) call.trace = trace;
  (this->*routes()[match.route].handler)(call);
}

Response Api::refuse(int status, std::string_view problem) {
  http_.answered(status);
  return refusal(status, code_of_status(status), problem);
}

void Api::answer(const Call& call, Response response) { answer(call.reply, std::move(response)); }

void Api::answer(const Reply& reply, Response response) {
  http_.answered(response.status);
  reply.answer(std::move(response));
}

void Api::fail(const Call& call, const Error& error) {
  if (error.code == ErrorCode::Internal) {
    log_.write(
        "internal error",
        {{"target", call.request.target()}, {"error", error.message()}, {"trace", call.trace}});
  }
  answer(call, answer_to(error));
}

void Api::fail_execution(const Call& call, const Error& error) {
  if (error.code != ErrorCode::NotFound) return fail(call, error);
  answer(call, refusal(404, "not_found", "execution not found"));
}

bool Api::check_query(const Call& call, std::initializer_list<std::string_view> known) {
  for (const auto& [name, value] : call.target.query) {
    if (std::ranges::find(known, name) != known.end()) continue;
    answer(call, refusal(400, "invalid_argument",
                         known.size() == 0 ? "this route has no parameters"
                                           : fmt::format("there is no such parameter; there is {}",
                                                         fmt::join(known, ", ")),
                         name.substr(0, 100)));
    return false;
  }
  return true;
}

void Api::decided(const Call& call, std::string_view action, std::string_view decision,
                  std::string_view why, std::string_view id) {
  audit_.decided({.decision = decision,
                  .action = action,
                  .caller = call.caller().name,
                  .id = id,
                  .why = why,
                  .trace = call.trace});
}

}  // namespace cordon::server
