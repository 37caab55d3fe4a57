// Running, watching over and ending commands: the routes under /api/v1/sandbox.
#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <string_view>
#include <unordered_set>
#include <utility>
#include <vector>

#include "core/try.h"
#include "server/answers.h"
#include "server/api.h"
#include "server/execute_body.h"
#include "server/execute_form.h"
#include "server/go_duration.h"
#include "server/json_fields.h"
#include "server/part_head.h"
#include "server/request_policy.h"

namespace cordon::server {

namespace {

using Variable = std::pair<std::string, std::string>;

// What takes longer to read than others may wait.
constexpr std::size_t kLongBody = 64 << 10;

void limit(Policy& policy, const ExecuteBody& body) {
  Limits& limits = policy.limits;
  // What the policy holds already is not widened.
  const auto narrow = [](auto& held, auto asked) {
    if (!held || asked < *held) held = asked;
  };
  if (body.timeout_secs > 0) {
    narrow(limits.timeout, std::chrono::nanoseconds(std::chrono::seconds(body.timeout_secs)));
  }
  if (body.memory_mb > 0) narrow(limits.memory_bytes, body.memory_mb << 20);
  if (body.cpus) narrow(limits.cpus, *body.cpus);
  if (body.pids) narrow(limits.pids, *body.pids);
}

// In linear time: a body has room for a hundred thousand.
void replace_variables(std::vector<Variable>& held, const std::vector<Variable>& asked) {
  std::unordered_set<std::string_view> names;
  for (const auto& [name, value] : asked) names.insert(name);
  std::erase_if(held, [&](const Variable& one) { return names.contains(one.first); });
  held.insert(held.end(), asked.begin(), asked.end());
}

}  // namespace

Result<ManagedRequest> Api::managed_request(const Call& call, const ExecuteBody& body) const {
  const bool administrator = call.caller().role == CallerRole::Administrator;
  if (!body.work_dir.empty() && !administrator && manager_.config().work_dirs.empty()) {
    return std::unexpected(Error{.code = ErrorCode::PermissionDenied,
                                 .operation = "work_dir",
                                 .subject = {},
                                 .sys_errno = 0,
                                 .detail = "the operator allows no directories of this machine",
                                 .remedy = "leave it out to get a private one"});
  }
  // An image's files are not the caller's, and neither is the place it would be fetched from.
  if (!body.image.empty() && !administrator) {
    return std::unexpected(Error{.code = ErrorCode::PermissionDenied,
                                 .operation = "image",
                                 .subject = {},
                                 .sys_errno = 0,
                                 .detail = "only root and the daemon's own user name images",
                                 .remedy = {}});
  }
  ManagedRequest request;
  ExecutionRequest& execution = request.execution;
  execution.policy =
      TRY(policy_of_request(body.policy, body.work_dir,
                            {.role = call.caller().role, .widest = call.identity.widest_policy}));
  limit(execution.policy, body);
  auto& environment = execution.policy.environment.set;
  replace_variables(environment, body.env);
  const bool has_trace = std::ranges::any_of(
      environment, [](const auto& variable) { return variable.first == "TRACEPARENT"; });
  if (!call.trace.empty() && !has_trace) environment.emplace_back("TRACEPARENT", call.trace);
  execution.command = body.command;
  execution.args = body.args;
  execution.work_dir = body.work_dir;
  execution.stdin_data = body.stdin_data;
  execution.tier = body.tier;
  execution.backend = body.backend;
  execution.image = body.image;
  request.level = body.level;
  request.files = body.files;
  request.trace = call.trace;
  if (body.stdin_open) request.stdin_mode = StdinMode::StaysOpen;
  if (body.network) {
    execution.policy.network = *body.network;
  } else if (body.policy.empty() && call.identity.widest_policy.empty()) {
    request.network = NetworkChoice::AsConfigured;
  }
  return request;
}

void Api::execute(Call& call) {
  if (!check_query(call, {})) return;
  if (call.request.body.size() <= kLongBody) return execute_here(call);
  const auto shared = std::make_shared<Call>(std::move(call));
  if (work_->post([this, shared] { execute_here(*shared); })) return;
  answer(*shared, refusal(503, "unavailable", "too much of this is under way"));
}

void Api::execute_here(Call& call) {
  const std::string_view type = call.request.header("Content-Type");
  const auto body = equal_ignoring_case(media_type(type), kForm)
                        ? read_execute_form(type, call.request.body)
                        : read_execute_body(call.request.body);
  if (!body) return answer(call, field_answer(body.error()));
  launch(call, managed_request(call, *body),
         {.async = body->async,
          .action = "execute",
          .place = "/api/v1/sandbox/status/",
          .accepted = {},
          .ended = [](const SharedResult& result) { return json_answer(to_json(*result)); }});
}

void Api::launch(Call& call, Result<ManagedRequest> request, const Launch& how) {
  if (draining_.load(std::memory_order_relaxed)) {
    decided(call, how.action, "refused", "the daemon is about to end", {});
    return answer(call, refusal(503, "unavailable", "the daemon is about to end"));
  }
  auto id = request ? start(call, std::move(*request), how)
                    : Result<std::string>(std::unexpected(request.error()));
  if (!id) {
    decided(call, how.action, "refused", id.error().message(), {});
    return fail(call, id.error());
  }
  decided(call, how.action, "allowed", {}, *id);
  if (how.answer == Launch::Answer::Elsewhere) return;
  if (how.async) {
    Response accepted = json_answer(fmt::format(R"({{"id":"{}","status":"pending"}})", *id), 202);
    accepted.headers.emplace_back("Location", fmt::format("{}{}", how.place, *id));
    return answer(call, std::move(accepted));
  }
  // Nobody would get the result.
  call.reply.on_gone([this, id = *id, caller = call.caller()] {
    if (const auto killed = manager_.kill(id, caller); !killed) {
      log_.write("kill failed", {{"id", id}, {"error", killed.error().message()}});
    }
  });
}

Result<std::string> Api::start(const Call& call, ManagedRequest request, const Launch& how) {
  if (how.async) {
    std::string id = TRY(manager_.start(std::move(request), call.caller()));
    if (!how.accepted) return id;
    if (auto accepted = how.accepted(id); !accepted) {
      (void)manager_.kill(id, call.caller());
      return std::unexpected(std::move(accepted).error());
    }
    return id;
  }
  return manager_.start(std::move(request), call.caller(),
                        [this, reply = call.reply, ended = how.ended](const SharedResult& result) {
                          Response response = ended(result);
                          http_.answered(response.status);
                          reply.answer(std::move(response));
                        });
}

void Api::status(Call& call) {
  const auto result = manager_.status(call.id(), call.caller());
  if (!result) return fail_execution(call, result.error());
  answer(call, json_answer(to_json(**result)));
}

void Api::kill(Call& call) {
  const auto killed = manager_.kill(call.id(), call.caller());
  decided(call, "kill", killed ? "allowed" : "refused", killed ? "" : killed.error().message(),
          call.id());
  if (!killed) return fail_execution(call, killed.error());
  answer(call, json_answer(R"({"status":"killed","message":"execution killed successfully"})"));
}

void Api::info(Call& call) { answer(call, json_answer(info_json())); }

void Api::config(Call& call) {
  const auto refuse = [&](int status, std::string_view why, std::string_view field) {
    decided(call, "config", "refused", why, {});
    answer(call, refusal(status, code_of_status(status), why, field));
  };
  if (call.caller().role != CallerRole::Administrator) {
    return refuse(403, "only root and the daemon's own user change its configuration", {});
  }
  if (!manager_.supports_network_enabled()) {
    return refuse(400, "no backend that runs here can hold the network's switch",
                  "network_enabled");
  }
  auto fields = JsonFields::parse(call.request.body);
  if (!fields) return answer(call, field_answer(fields.error()));
  const auto enabled = fields->flag("network_enabled");
  if (!enabled) return answer(call, field_answer(enabled.error()));
  if (const auto rest = fields->finish(); !rest) return answer(call, field_answer(rest.error()));
  if (!*enabled) return refuse(400, "network_enabled is required", "network_enabled");
  const auto toggle = **enabled ? NetworkToggle::Enabled : NetworkToggle::Disabled;
  if (const auto set = manager_.set_network_enabled(toggle); !set) return fail(call, set.error());
  decided(call, "config", "allowed", **enabled ? "network enabled" : "network disabled", {});
  answer(call, json_answer(info_json()));
}

}  // namespace cordon::server
