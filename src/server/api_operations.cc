// What an operator and a monitoring system look at.
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>
#include <boost/json/string.hpp>

#include "backends/registry.h"
#include "core/utf8.h"
#include "doctor/host_facts.h"
#include "doctor/json.h"
#include "doctor/probe.h"
#include "doctor/tiers.h"
#include "server/answers.h"
#include "server/api.h"
#include "server/go_duration.h"
#include "server/openapi.h"
#include "server/parameters.h"
#include "server/record_json.h"

namespace cordon::server {

namespace {

constexpr std::chrono::seconds kReportKept{10};

}  // namespace

std::string Api::info_json() const {
  namespace json = boost::json;
  const ManagerConfig config = manager_.config();
  const std::string reason = manager_.support_reason();
  json::object object;
  object["supported"] = manager_.is_supported();
  object["network_toggle_supported"] = manager_.supports_network_enabled();
  object["default_timeout"] = format_go_duration(config.default_timeout);
  object["max_timeout"] = format_go_duration(config.max_timeout);
  object["memory_limit"] = config.default_memory_bytes;
  object["cpu_limit"] = config.default_cpus;
  object["process_limit"] = config.default_pids;
  if (manager_.supports_network_enabled()) {
    object["network_enabled"] = config.network == NetworkToggle::Enabled;
  }
  if (!reason.empty()) object["support_reason"] = json::string(replace_invalid_utf8(reason));
  return json::serialize(object);
}

void Api::backends(Call& call) {
  if (!check_query(call, {})) return;
  // Attempts to use what the host has: a third of a second where a daemon hangs.
  const bool taken = work_->post([this, reply = call.reply] {
    // It runs something: callers that ask often get what was found a moment ago.
    const auto now = std::chrono::steady_clock::now();
    if (host_report_.empty() || now - host_reported_ > kReportKept) {
      doctor::HostReport report = doctor::probe_host();
      const ManagerConfig& config = manager_.config();
      doctor::judge_tiers(report, make_backends(Preparation::OnDemand, config.lxc, config.gvisor));
      doctor::judge_levels(report, built_in_backends());
      host_report_ = doctor::render_json(report);
      host_reported_ = now;
    }
    http_.answered(200);
    reply.answer(json_answer(host_report_));
  });
  if (!taken) answer(call, refusal(503, "unavailable", "too much of this is under way"));
}

void Api::stats(Call& call) { answer(call, json_answer(to_json(manager_.stats()))); }

void Api::audit(Call& call) {
  if (!check_query(call, {"before", "limit"})) return;
  if (call.caller().role != CallerRole::Administrator) {
    return answer(call, refusal(403, code_of_status(403), "only administrators read it"));
  }
  const auto before = number_of(call.target, "before", 0, 0, INT64_MAX);
  if (!before) return answer(call, parameter_answer(before.error()));
  const auto most = number_of(call.target, "limit", 50, 1, 200);
  if (!most) return answer(call, parameter_answer(most.error()));
  const auto events =
      audit_.list(static_cast<std::int64_t>(*before), static_cast<std::int64_t>(*most));
  if (!events) return fail(call, events.error());
  answer(call, json_answer(to_json(*events)));
}

void Api::health(Call& call) { answer(call, json_answer(R"({"status":"ok"})")); }

void Api::readiness(Call& call) {
  if (draining_.load(std::memory_order_relaxed)) {
    return answer(call, refusal(503, "unavailable", "the daemon is about to end"));
  }
  if (!manager_.is_supported()) {
    return answer(call, refusal(503, "unavailable", "nothing can run here: see cordon doctor"));
  }
  answer(call, json_answer(R"({"status":"ready"})"));
}

void Api::metrics(Call& call) {
  answer(call, {.body = render_metrics(manager_.stats(), http_, connections_()),
                .content_type = "text/plain; version=0.0.4; charset=utf-8",
                .headers = {}});
}

void Api::openapi(Call& call) { answer(call, json_answer(std::string(openapi_document()))); }

}  // namespace cordon::server
