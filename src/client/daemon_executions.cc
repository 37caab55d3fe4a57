#include "client/daemon_executions.h"

#include <fmt/format.h>

#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>
#include <optional>
#include <utility>

#include "client/query.h"
#include "client/sse_reader.h"
#include "core/base64.h"
#include "core/printable.h"
#include "core/try.h"

namespace cordon::client {

namespace {

namespace json = boost::json;

constexpr std::uint64_t kPieceBytes = 1 << 20;

std::unexpected<Error> garbled(const std::string& socket) {
  return std::unexpected(Error{.code = ErrorCode::Internal,
                               .operation = "ask the daemon at",
                               .subject = socket,
                               .sys_errno = 0,
                               .detail = "what comes back is no answer of cordon's",
                               .remedy = {}});
}

ErrorCode code_of(unsigned status) {
  switch (status) {
    case 401:
    case 403:
      return ErrorCode::PermissionDenied;
    case 404:
      return ErrorCode::NotFound;
    case 409:
      return ErrorCode::Conflict;
    case 429:
      return ErrorCode::QuotaExceeded;
    case 503:
      return ErrorCode::Unavailable;
    default:
      return status < 500 ? ErrorCode::InvalidArgument : ErrorCode::Internal;
  }
}

std::optional<json::object> object_of(std::string_view text) {
  boost::system::error_code code;
  json::value value = json::parse({text.data(), text.size()}, code);
  if (code || !value.is_object()) return std::nullopt;
  return std::move(value.get_object());
}

std::unexpected<Error> refused(const Answer& answer, const std::string& socket) {
  const auto object = object_of(answer.body);
  const json::value* const message = object ? object->if_contains("message") : nullptr;
  if (!message || !message->is_string()) return garbled(socket);
  const std::string_view words(message->get_string().data(), message->get_string().size());
  return std::unexpected(Error{.code = code_of(answer.status),
                               .operation = printable(words),
                               .subject = {},
                               .sys_errno = 0,
                               .detail = {},
                               .remedy = {}});
}

std::string_view text_of(const json::object& object, std::string_view name) {
  const json::value* value = object.if_contains({name.data(), name.size()});
  if (!value || !value->is_string()) return {};
  return {value->get_string().data(), value->get_string().size()};
}

bool is_end(std::string_view status) { return status != "pending" && status != "running"; }

// The output among the events of one execution.
class OutputEvents {
 public:
  explicit OutputEvents(const OutputReader& reader) : reader_(reader) {}

  bool take(const ServerEvent& event) {
    const auto data = object_of(event.data);
    if (!data) return garbled_ = true, false;
    if (event.name == "status") ended_ = is_end(text_of(*data, "status"));
    if (event.name == "dropped") dropped_ = true;
    if (event.name != "stdout" && event.name != "stderr") return true;
    const auto bytes = decode_base64(text_of(*data, "base64"));
    if (!bytes) return garbled_ = true, false;
    const Stream stream = event.name == "stdout" ? Stream::Stdout : Stream::Stderr;
    (stream == Stream::Stdout ? out_ : err_) += bytes->size();
    if (!reader_(stream, *bytes)) return refused_ = true, false;
    return true;
  }

  bool garbled() const { return garbled_; }
  bool refused() const { return refused_; }  // by the reader
  bool dropped() const { return dropped_; }
  bool ended() const { return ended_; }
  std::uint64_t seen(Stream stream) const { return stream == Stream::Stdout ? out_ : err_; }

 private:
  const OutputReader& reader_;
  bool garbled_ = false;
  bool refused_ = false;
  bool dropped_ = false;
  bool ended_ = false;
  std::uint64_t out_ = 0;
  std::uint64_t err_ = 0;
};

}  // namespace

Result<json::object> DaemonExecutions::ask(std::string_view method,
                                           const std::string& target) const {
  const Answer answer = TRY(http_.ask(method, target));
  if (answer.status >= 300) return refused(answer, http_.socket());
  auto object = object_of(answer.body);
  if (!object) return garbled(http_.socket());
  return *std::move(object);
}

Result<Listed> DaemonExecutions::list(const ExecutionFilter& filter, const Page& page) {
  json::object answer = TRY(ask("GET", "/api/v1/executions" + query_of(filter, page)));
  json::value* const all = answer.if_contains("executions");
  if (!all || !all->is_array()) return garbled(http_.socket());
  Listed listed;
  for (json::value& one : all->get_array()) {
    if (!one.is_object()) return garbled(http_.socket());
    listed.executions.push_back(std::move(one.get_object()));
  }
  listed.next = text_of(answer, "next");
  return listed;
}

Result<json::object> DaemonExecutions::inspect(const std::string& id) {
  json::object record = TRY(ask("GET", "/api/v1/executions/" + id));
  json::object result = TRY(ask("GET", "/api/v1/sandbox/status/" + id));
  return with_details(std::move(record), std::move(result));
}

Result<void> DaemonExecutions::read_output(const std::string& id, Follow follow,
                                           const OutputReader& reader) {
  SseReader events;
  OutputEvents output(reader);
  const std::string target = fmt::format("/api/v1/executions/{}/events?encoding=base64&follow={}",
                                         id, follow == Follow::UntilItEnds);
  const Answer answer = TRY(http_.stream(target, [&](std::string_view bytes) {
    return events.feed(bytes, [&](const ServerEvent& event) { return output.take(event); });
  }));
  if (answer.status != 200) return refused(answer, http_.socket());
  if (output.refused()) return {};
  if (output.garbled()) return garbled(http_.socket());
  // Output that came in too many small turns is in no event, but it was kept.
  if (output.dropped()) {
    TRY(read_rest(id, Stream::Stdout, output.seen(Stream::Stdout), reader));
    TRY(read_rest(id, Stream::Stderr, output.seen(Stream::Stderr), reader));
  }
  if (follow == Follow::UntilNow || output.ended()) return {};
  return std::unexpected(Error{.code = ErrorCode::Unavailable,
                               .operation = "follow execution",
                               .subject = id,
                               .sys_errno = 0,
                               .detail = "the daemon ended the stream before it ended",
                               .remedy = {}});
}

Result<void> DaemonExecutions::read_rest(const std::string& id, Stream stream, std::uint64_t offset,
                                         const OutputReader& reader) const {
  while (true) {
    const Answer answer = TRY(
        http_.ask("GET", fmt::format("/api/v1/executions/{}/output?stream={}&offset={}&limit={}",
                                     id, to_string(stream), offset, kPieceBytes)));
    if (answer.status != 200) return refused(answer, http_.socket());
    if (answer.body.empty() || !reader(stream, answer.body)) return {};
    offset += answer.body.size();
  }
}

Result<void> DaemonExecutions::kill(const std::string& id) {
  TRY(ask("POST", "/api/v1/sandbox/kill/" + id));
  return {};
}

Result<void> DaemonExecutions::remove(const std::string& id) {
  TRY(ask("DELETE", "/api/v1/executions/" + id));
  return {};
}

Result<std::uint64_t> DaemonExecutions::prune(std::chrono::nanoseconds older_than) {
  const json::object answer =
      TRY(ask("DELETE", fmt::format("/api/v1/executions?older_than={}ns",
                                    std::max<std::int64_t>(1, older_than.count()))));
  const json::value* const removed = answer.if_contains("removed");
  if (!removed || !removed->is_int64()) return garbled(http_.socket());
  return static_cast<std::uint64_t>(removed->get_int64());
}

Result<json::object> DaemonExecutions::stats() { return ask("GET", "/api/v1/stats"); }

}  // namespace cordon::client
