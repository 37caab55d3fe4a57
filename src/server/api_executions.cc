// What ran and what runs: the routes under /api/v1/executions.
#include <fmt/format.h>

#include <atomic>
#include <ctime>
#include <memory>
#include <utility>

#include "core/try.h"
#include "core/units.h"
#include "server/answers.h"
#include "server/api.h"
#include "server/parameters.h"
#include "server/record_json.h"
#include "server/sse.h"

namespace cordon::server {

namespace {

constexpr std::size_t kMostListed = 200;
constexpr std::size_t kMostOutput = 1 << 20;

Result<bool> flag_of(const Target& target, std::string_view name, bool initial) {
  const auto text = target.parameter(name);
  if (!text) return initial;
  if (*text == "true" || *text == "false") return *text == "true";
  return refuse_parameter(name, "true or false is wanted");
}

Result<std::optional<std::chrono::system_clock::time_point>> time_of(const Target& target,
                                                                     std::string_view name) {
  const auto text = target.parameter(name);
  if (!text) return std::nullopt;
  std::tm utc{};
  const std::string copy(*text);
  const char* end = ::strptime(copy.c_str(), "%Y-%m-%dT%H:%M:%SZ", &utc);
  if (!end || *end != '\0')
    return refuse_parameter(name, "a time such as 2026-01-31T12:00:00Z is wanted");
  return std::chrono::system_clock::from_time_t(::timegm(&utc));
}

Result<ExecutionStatus> status_of(std::string_view name) {
  using enum ExecutionStatus;
  for (const auto status : {Pending, Running, Completed, Failed, Timeout, Killed}) {
    if (to_string(status) == name) return status;
  }
  return refuse_parameter("status",
                          "pending, running, completed, failed, timeout and killed are wanted");
}

Result<ExecutionFilter> filter_of(const Target& target) {
  ExecutionFilter filter;
  if (const auto caller = target.parameter("caller")) filter.caller = *caller;
  filter.backend = target.parameter("backend").value_or("");
  filter.command_contains = target.parameter("command").value_or("");
  filter.created_after = TRY(time_of(target, "created_after"));
  filter.created_before = TRY(time_of(target, "created_before"));
  std::string_view names = target.parameter("status").value_or("");
  while (!names.empty()) {
    const auto comma = std::min(names.find(','), names.size());
    filter.statuses.push_back(TRY(status_of(names.substr(0, comma))));
    names.remove_prefix(std::min(comma + 1, names.size()));
  }
  return filter;
}

// Reads on from the manager whenever there is room: a slow reader misses nothing and holds nothing.
class EventSource final : public StreamSource {
 public:
  struct Wanted {
    std::uint64_t after = 0;
    bool follow = true;  // else what there is by now
    OutputEncoding encoding = OutputEncoding::Text;
  };

  EventSource(Manager& manager, std::string id, Caller caller, Wanted wanted)
      : manager_(manager),
        id_(std::move(id)),
        caller_(std::move(caller)),
        after_(wanted.after),
        wanted_(wanted) {}

  Result<void> subscribe(const Reply& reply) {
    subscription_ = TRY(manager_.subscribe(id_, caller_, [asleep = asleep_, reply] {
      // One wake-up on its way is enough, however fast the guest writes.
      if (asleep->exchange(false)) reply.wake();
    }));
    return {};
  }

  Piece next() override {
    asleep_->store(true);
    Piece piece;
    const auto batch = manager_.events(id_, caller_, after_);
    if (!batch) {
      piece.ended = true;
      return piece;
    }
    for (const Event& event : batch->events) {
      append_event(piece.bytes, event.sequence, to_string(event.kind),
                   event_data(event, wanted_.encoding));
    }
    after_ = batch->last;
    piece.ended = (batch->ended || !wanted_.follow) && !batch->more;
    return piece;
  }

 private:
  Manager& manager_;
  std::string id_;
  Caller caller_;
  std::uint64_t after_;
  const Wanted wanted_;
  std::shared_ptr<std::atomic<bool>> asleep_ = std::make_shared<std::atomic<bool>>(false);
  Manager::Subscription subscription_;  // last: it uses the others
};

}  // namespace

void Api::list(Call& call) {
  if (!check_query(call, {"status", "backend", "command", "caller", "created_after",
                          "created_before", "limit", "before"})) {
    return;
  }
  const auto filter = filter_of(call.target);
  if (!filter) return answer(call, parameter_answer(filter.error()));
  const auto size = number_of(call.target, "limit", 50, 1, kMostListed);
  if (!size) return answer(call, parameter_answer(size.error()));
  const Page page{.size = static_cast<std::size_t>(*size),
                  .before = std::string(call.target.parameter("before").value_or(""))};
  const auto listed = manager_.list(*filter, page, call.caller());
  if (!listed) return fail(call, listed.error());
  answer(call, json_answer(to_json(*listed)));
}

void Api::inspect(Call& call) {
  if (!check_query(call, {})) return;
  const auto record = manager_.inspect(call.id(), call.caller());
  if (!record) return fail_execution(call, record.error());
  answer(call, json_answer(to_json(*record)));
}

void Api::remove(Call& call) {
  if (!check_query(call, {})) return;
  const auto removed = manager_.remove(call.id(), call.caller());
  decided(call, "remove", removed ? "allowed" : "refused", removed ? "" : removed.error().message(),
          call.id());
  if (!removed) return fail_execution(call, removed.error());
  (void)disk_->post([this, id = std::string(call.id())] { jobs_.remove(id); });
  answer(call, json_answer(R"({"message":"execution removed"})"));
}

void Api::prune(Call& call) {
  if (!check_query(call, {"older_than"})) return;
  const auto text = call.target.parameter("older_than");
  const auto age =
      text ? parse_duration(*text)
           : Result<std::chrono::nanoseconds>(refuse_parameter("older_than", "it is required"));
  if (!age) {
    return answer(call, refusal(400, "invalid_argument",
                                "older_than: a duration such as 24h is wanted", "older_than"));
  }
  const bool taken = work_->post([this, age = *age, caller = call.caller(), reply = call.reply] {
    const auto pruned = manager_.prune(age, caller);
    Response response = pruned ? json_answer(fmt::format(R"({{"removed":{}}})", *pruned))
                               : answer_to(pruned.error());
    http_.answered(response.status);
    reply.answer(std::move(response));
  });
  if (!taken) answer(call, refusal(503, "unavailable", "too much of this is under way"));
}

void Api::events(Call& call) {
  if (!check_query(call, {"after", "encoding", "follow"})) return;
  Target last;
  const std::string_view seen = call.request.header("Last-Event-ID");
  if (!seen.empty()) last.query.emplace_back("Last-Event-ID", seen);
  const auto after = seen.empty() ? number_of(call.target, "after", 0, 0, INT64_MAX)
                                  : number_of(last, "Last-Event-ID", 0, 0, INT64_MAX);
  if (!after) return answer(call, parameter_answer(after.error()));
  const auto follow = flag_of(call.target, "follow", true);
  if (!follow) return answer(call, parameter_answer(follow.error()));
  const std::string_view encoding = call.target.parameter("encoding").value_or("text");
  if (encoding != "text" && encoding != "base64") {
    return answer(
        call, refusal(400, "invalid_argument", "encoding: text or base64 is wanted", "encoding"));
  }
  const EventSource::Wanted wanted{
      .after = *after,
      .follow = *follow,
      .encoding = encoding == "text" ? OutputEncoding::Text : OutputEncoding::Base64};
  auto source =
      std::make_unique<EventSource>(manager_, std::string(call.id()), call.caller(), wanted);
  if (const auto subscribed = source->subscribe(call.reply); !subscribed) {
    return fail_execution(call, subscribed.error());
  }
  http_.answered(200);
  call.reply.stream({.body = {}, .content_type = "text/event-stream", .headers = {}},
                    std::move(source));
}

void Api::output(Call& call) {
  if (!check_query(call, {"stream", "offset", "limit"})) return;
  const std::string_view name = call.target.parameter("stream").value_or("stdout");
  if (name != "stdout" && name != "stderr") {
    return answer(call,
                  refusal(400, "invalid_argument", "stream: stdout or stderr is wanted", "stream"));
  }
  const auto offset = number_of(call.target, "offset", 0, 0, INT64_MAX);
  if (!offset) return answer(call, parameter_answer(offset.error()));
  const auto most = number_of(call.target, "limit", kMostOutput, 1, kMostOutput);
  if (!most) return answer(call, parameter_answer(most.error()));
  auto piece =
      manager_.output(call.id(), call.caller(), name == "stdout" ? Stream::Stdout : Stream::Stderr,
                      *offset, static_cast<std::size_t>(*most));
  if (!piece) return fail_execution(call, piece.error());
  answer(call, {.body = std::move(piece->bytes),
                .content_type = "application/octet-stream",
                .headers = {{"Content-Disposition", "attachment"},
                            {"Cordon-Output-Offset", std::to_string(piece->offset)},
                            {"Cordon-Output-Total", std::to_string(piece->total)},
                            {"Cordon-Output-Ended", piece->ended ? "true" : "false"},
                            {"Cordon-Output-Truncated", piece->truncated ? "true" : "false"}}});
}

void Api::write_stdin(Call& call) {
  if (!check_query(call, {"end"})) return;
  const auto end = flag_of(call.target, "end", false);
  if (!end) return answer(call, parameter_answer(end.error()));
  std::size_t taken = 0;
  // Nothing to write and nothing to close is asked too: whether there is such an execution.
  if (!call.request.body.empty() || !*end) {
    const auto written = manager_.write_stdin(call.id(), call.caller(), call.request.body);
    if (!written) return fail_execution(call, written.error());
    taken = *written;
  }
  const bool closes = *end && taken == call.request.body.size();
  if (closes) {
    const auto closed = manager_.close_stdin(call.id(), call.caller());
    if (!closed) return fail_execution(call, closed.error());
  }
  answer(call, json_answer(fmt::format(R"({{"accepted":{},"closed":{}}})", taken, closes)));
}

}  // namespace cordon::server
