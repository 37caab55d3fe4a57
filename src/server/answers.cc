#include "server/answers.h"

#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>
#include <boost/json/string.hpp>
#include <utility>

#include "core/utf8.h"

namespace cordon::server {

namespace {

namespace json = boost::json;

json::string text(std::string_view bytes) { return json::string(replace_invalid_utf8(bytes)); }

int status_of(ErrorCode code) {
  switch (code) {
    case ErrorCode::InvalidArgument:
    case ErrorCode::Unsupported:
    case ErrorCode::Degraded:
      return 400;
    case ErrorCode::NotFound:
      return 404;
    case ErrorCode::PermissionDenied:
      return 403;
    case ErrorCode::QuotaExceeded:
      return 429;
    case ErrorCode::ResourceExhausted:
    case ErrorCode::Unavailable:
      return 503;
    case ErrorCode::Conflict:
      return 409;
    case ErrorCode::Internal:
      return 500;
  }
  return 500;
}

}  // namespace

std::string_view code_of_status(int status) {
  switch (status) {
    case 400:
      return "invalid_argument";
    case 401:
      return "unauthorized";
    case 403:
      return "permission_denied";
    case 404:
      return "not_found";
    case 405:
      return "method_not_allowed";
    case 408:
      return "request_timeout";
    case 409:
      return "conflict";
    case 413:
      return "body_too_large";
    case 414:
      return "target_too_long";
    case 415:
      return "unsupported_media_type";
    case 421:
      return "misdirected";
    case 429:
      return "quota_exceeded";
    case 431:
      return "head_too_large";
    case 501:
      return "unsupported";
    case 503:
      return "unavailable";
    case 505:
      return "http_version";
    default:
      return "internal";
  }
}

Response refusal(int status, std::string_view code, std::string_view message,
                 std::string_view field) {
  json::object object{{"message", text(message)}, {"code", text(code)}};
  if (!field.empty()) object["field"] = text(field);
  Response response{.status = status, .body = json::serialize(object), .headers = {}};
  if (status == 429 || status == 503) response.headers.emplace_back("Retry-After", "1");
  if (status == 401) response.headers.emplace_back("WWW-Authenticate", "Bearer");
  return response;
}

Response answer_to(const Error& error) {
  const int status = status_of(error.code);
  if (status == 500)
    return refusal(500, "internal", "the server could not do this; its log says why");
  return refusal(status, to_string(error.code), error.message());
}

Response field_answer(const Error& error) {
  if (error.code != ErrorCode::InvalidArgument) return answer_to(error);
  if (error.subject.empty()) return refusal(400, "invalid_argument", "invalid request body");
  return refusal(400, "invalid_argument",
                 error.operation.empty() ? error.message() : error.operation, error.subject);
}

Response json_answer(std::string body, int status) {
  return {.status = status, .body = std::move(body), .headers = {}};
}

}  // namespace cordon::server
