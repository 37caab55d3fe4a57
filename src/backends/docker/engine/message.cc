#include "engine/message.h"

#include <fmt/format.h>

#include <boost/json/parse.hpp>

namespace cordon::engine {

namespace {

constexpr std::size_t kMostMessage = 400;

ErrorCode code_of(unsigned status) {
  switch (status) {
    case 400:
      return ErrorCode::InvalidArgument;
    case 401:
    case 403:
      return ErrorCode::PermissionDenied;
    case 404:
      return ErrorCode::NotFound;
    case 409:
      return ErrorCode::Conflict;
    case 503:
      return ErrorCode::Unavailable;
    default:
      return ErrorCode::Internal;
  }
}

std::string message_of(std::string_view body) {
  boost::system::error_code failure;
  const boost::json::value parsed =
      boost::json::parse(boost::json::string_view(body.data(), body.size()), failure, {},
                         {.max_depth = 8, .allow_comments = false});
  if (!failure && parsed.is_object()) {
    // Podman says "message" as well, and "cause" besides.
    const auto* message = parsed.get_object().if_contains("message");
    if (message != nullptr && message->is_string()) {
      const auto& text = message->get_string();
      return printable({text.data(), text.size()});
    }
  }
  return printable(body);
}

}  // namespace

std::string printable(std::string_view text) {
  std::string line;
  for (const char c : text.substr(0, kMostMessage)) {
    const auto byte = static_cast<unsigned char>(c);
    line += byte < 0x20 || byte == 0x7f ? ' ' : c;
  }
  while (line.ends_with(' ')) line.pop_back();
  if (text.size() > kMostMessage) line += "...";
  return line;
}

Error refusal(std::string operation, std::string subject, unsigned status, std::string_view body) {
  std::string detail = message_of(body);
  if (detail.empty()) detail = fmt::format("the engine answers {}", status);
  return {.code = code_of(status),
          .operation = std::move(operation),
          .subject = std::move(subject),
          .sys_errno = 0,
          .detail = std::move(detail),
          .remedy = {}};
}

}  // namespace cordon::engine
