// What the daemon says: one JSON object a line. Separate logs for operation and for decisions.
#pragma once

#include <initializer_list>
#include <string_view>
#include <utility>

#include "core/unique_fd.h"

namespace cordon::server {

using LogField = std::pair<std::string_view, std::string_view>;

// Thread-safe. A line is one write(2): lines of two threads never mix. A log that cannot be written
// stops nobody; lines are lost then.
class JsonLog {
 public:
  // -1: nowhere.
  explicit JsonLog(UniqueFd fd) : fd_(std::move(fd)) {}

  // {"time": ..., "event": event, field...}. Fields that are empty are left out. Bytes that are not
  // UTF-8 are replaced.
  void write(std::string_view event, std::initializer_list<LogField> fields);

 private:
  UniqueFd fd_;
};

}  // namespace cordon::server
