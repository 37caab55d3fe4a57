#include "cordon/error.h"

#include <fmt/format.h>

#include <cerrno>
#include <iterator>
#include <system_error>
#include <utility>

namespace cordon {

namespace {

ErrorCode code_of(int error_number) {
  switch (error_number) {
    case ENAMETOOLONG:
    case ENOTDIR:
    case EISDIR:
    case ELOOP:
    case E2BIG:
    case ENOEXEC:
      return ErrorCode::InvalidArgument;
    case ENOENT:
    case ESRCH:
    case ENXIO:
    case ENODEV:
      return ErrorCode::NotFound;
    case EACCES:
    case EPERM:
    case EROFS:
      return ErrorCode::PermissionDenied;
    case ENOSYS:
    case EOPNOTSUPP:
    case EPROTONOSUPPORT:
    case EAFNOSUPPORT:
      return ErrorCode::Unsupported;
    case EAGAIN:
    case ENOMEM:
    case EMFILE:
    case ENFILE:
    case ENOSPC:
    case EDQUOT:
    case EUSERS:
    case ENOBUFS:
      return ErrorCode::ResourceExhausted;
    default:
      return ErrorCode::Internal;
  }
}

// Subjects are often a guest's or a stranger's bytes: a newline or an escape sequence in a path
// must neither forge a second line in a log nor drive the reader's terminal.
std::string one_line(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '\n') {
      out += "\\n";
    } else if (c == '\t') {
      out += "\\t";
    } else if (byte < 0x20 || byte == 0x7f) {
      fmt::format_to(std::back_inserter(out), "\\x{:02x}", byte);
    } else {
      out += c;
    }
  }
  return out;
}

}  // namespace

std::string_view to_string(ErrorCode code) {
  switch (code) {
    case ErrorCode::InvalidArgument:
      return "invalid_argument";
    case ErrorCode::NotFound:
      return "not_found";
    case ErrorCode::PermissionDenied:
      return "permission_denied";
    case ErrorCode::Unsupported:
      return "unsupported";
    case ErrorCode::Degraded:
      return "degraded";
    case ErrorCode::ResourceExhausted:
      return "resource_exhausted";
    case ErrorCode::QuotaExceeded:
      return "quota_exceeded";
    case ErrorCode::Unavailable:
      return "unavailable";
    case ErrorCode::Conflict:
      return "conflict";
    case ErrorCode::Internal:
      return "internal";
  }
  return "internal";
}

std::string Error::message() const {
  std::string text = operation;
  if (!subject.empty()) {
    if (!text.empty()) text += ' ';
    text += subject;
  }
  const auto colon = [&text] {
    if (!text.empty()) text += ": ";
  };
  if (sys_errno != 0) {
    colon();
    text += std::generic_category().message(sys_errno);
    if (!detail.empty()) text += " (" + detail + ")";
  } else if (!detail.empty()) {
    colon();
    text += detail;
  }
  if (text.empty()) text = to_string(code);
  if (!remedy.empty()) text += "; " + remedy;
  return one_line(text);
}

Error Error::in(std::string_view outer) && {
  operation = operation.empty() ? std::string(outer) : fmt::format("{}: {}", outer, operation);
  return std::move(*this);
}

Error system_error(std::string operation, std::string subject, int error_number) {
  const int number = error_number >= 0 ? error_number : errno;
  return {.code = code_of(number),
          .operation = std::move(operation),
          .subject = std::move(subject),
          .sys_errno = number,
          .detail = {},
          .remedy = {}};
}

Error invalid_argument(std::string operation, std::string subject, std::string detail) {
  return {.code = ErrorCode::InvalidArgument,
          .operation = std::move(operation),
          .subject = std::move(subject),
          .sys_errno = 0,
          .detail = std::move(detail),
          .remedy = {}};
}

}  // namespace cordon
