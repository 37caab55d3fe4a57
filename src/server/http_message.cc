#include "server/http_message.h"

#include <algorithm>

namespace cordon::server {

namespace {

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c; }

}  // namespace

bool equal_ignoring_case(std::string_view a, std::string_view b) {
  return std::ranges::equal(a, b, {}, lower, lower);
}

Request::Span Request::keep(std::string_view text) {
  const Span span{static_cast<std::uint32_t>(head_.size()),
                  static_cast<std::uint32_t>(text.size())};
  head_ += text;
  return span;
}

void Request::set_line(std::string_view method, std::string_view target, int minor_version) {
  head_.reserve(512);
  headers_.reserve(8);
  method_ = keep(method);
  target_ = keep(target);
  minor_version_ = minor_version;
}

void Request::add_header(std::string_view name, std::string_view value) {
  const Span name_span = keep(name);
  headers_.emplace_back(name_span, keep(value));
}

std::string_view Request::header(std::string_view name) const {
  for (const auto& [key, value] : headers_) {
    if (equal_ignoring_case(at(key), name)) return at(value);
  }
  return {};
}

std::size_t Request::count(std::string_view name) const {
  return static_cast<std::size_t>(std::ranges::count_if(
      headers_, [&](const auto& header) { return equal_ignoring_case(at(header.first), name); }));
}

std::string_view reason_phrase(int status) {
  switch (status) {
    case 100:
      return "Continue";
    case 200:
      return "OK";
    case 202:
      return "Accepted";
    case 204:
      return "No Content";
    case 400:
      return "Bad Request";
    case 401:
      return "Unauthorized";
    case 403:
      return "Forbidden";
    case 404:
      return "Not Found";
    case 405:
      return "Method Not Allowed";
    case 408:
      return "Request Timeout";
    case 409:
      return "Conflict";
    case 413:
      return "Content Too Large";
    case 414:
      return "URI Too Long";
    case 415:
      return "Unsupported Media Type";
    case 421:
      return "Misdirected Request";
    case 429:
      return "Too Many Requests";
    case 431:
      return "Request Header Fields Too Large";
    case 501:
      return "Not Implemented";
    case 503:
      return "Service Unavailable";
    case 505:
      return "HTTP Version Not Supported";
    default:
      return "Internal Server Error";
  }
}

}  // namespace cordon::server
