// The refusal of what a backend or this host cannot do.
#pragma once

#include <string>
#include <utility>

#include "cordon/error.h"

namespace cordon {

inline Error unsupported(std::string operation, std::string subject, std::string detail,
                         std::string remedy = {}) {
  return {.code = ErrorCode::Unsupported,
          .operation = std::move(operation),
          .subject = std::move(subject),
          .sys_errno = 0,
          .detail = std::move(detail),
          .remedy = std::move(remedy)};
}

}  // namespace cordon
