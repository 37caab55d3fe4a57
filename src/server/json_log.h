// What the daemon says: one JSON object a line. Separate logs for operation and for decisions.
#pragma once

#include <initializer_list>
#include <optional>
#include <string_view>
#include <utility>

#include "core/unique_fd.h"
#include "server/log_writer.h"

namespace cordon::server {

using LogField = std::pair<std::string_view, std::string_view>;

enum class LogPlace {
  File,    // a line is there when write() returns
  Reader,  // a pipe, a socket, a terminal: nobody waits for who reads it
};

// Thread-safe. Lines of two threads never mix. A log that cannot be written stops nobody; lines are
// lost then.
class JsonLog {
 public:
  // -1: nowhere.
  JsonLog(UniqueFd fd, LogPlace place);

  // {"time": ..., "event": event, field...}. Fields that are empty are left out. Bytes that are not
  // UTF-8 are replaced.
  void write(std::string_view event, std::initializer_list<LogField> fields);

 private:
  UniqueFd file_;
  std::optional<LogWriter> writer_;
};

}  // namespace cordon::server
