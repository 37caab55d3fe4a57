#include "gvisor/runsc_error.h"

#include <boost/json.hpp>

#include "core/printable.h"

namespace cordon::gvisor {

namespace {

namespace json = boost::json;

std::optional<std::string> first_error(std::string_view log) {
  for (auto at = log.find('{'); at != std::string_view::npos; at = log.find('{', at + 1)) {
    json::stream_parser parser;
    boost::system::error_code failed;
    parser.write_some(log.data() + at, log.size() - at, failed);
    if (failed || !parser.done()) continue;
    const json::value value = parser.release();
    const json::object* object = value.if_object();
    if (object == nullptr) continue;
    const json::value* level = object->if_contains("level");
    const json::value* message = object->if_contains("msg");
    if (level == nullptr || message == nullptr || !message->is_string()) continue;
    if (level->is_string() && level->get_string() == "error") {
      return std::string(message->get_string());
    }
  }
  return std::nullopt;
}

}  // namespace

std::optional<Error> error_of_log(std::string_view log, const std::string& command) {
  auto message = first_error(log);
  if (!message) return std::nullopt;
  constexpr std::size_t kLongest = 400;
  Error error{.code = ErrorCode::Internal,
              .operation = "run the command in gVisor",
              .subject = command,
              .sys_errno = 0,
              .detail = printable(std::string_view(*message).substr(0, kLongest)),
              .remedy = {}};
  // How gVisor's kernel says that the first program could not be loaded.
  const bool loading = message->contains("starting root container");
  if (loading && message->contains("no such file or directory")) {
    error.code = ErrorCode::NotFound;
  } else if (loading &&
             (message->contains("permission denied") || message->contains("exec format error"))) {
    error.code = ErrorCode::PermissionDenied;
  }
  return error;
}

}  // namespace cordon::gvisor
