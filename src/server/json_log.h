// What the daemon says: one JSON object a line. Separate logs for operation and for decisions.
#pragma once

#include <initializer_list>
#include <optional>
#include <string_view>
#include <utility>

#include "core/unique_fd.h"
#include "server/log_file.h"
#include "server/log_writer.h"

namespace cordon::server {

using LogField = std::pair<std::string_view, std::string_view>;

// Thread-safe. Lines of two threads never mix. A log that cannot be written stops nobody; lines are
// lost then.
class JsonLog {
 public:
  // A line is there when write() returns.
  explicit JsonLog(LogFile file) : file_(std::move(file)) {}
  // A pipe, a socket, a terminal: nobody waits for who reads it. -1: nowhere.
  explicit JsonLog(UniqueFd reader) {
    if (reader.valid()) writer_.emplace(std::move(reader));
  }

  // {"time": ..., "event": event, field...}. Fields that are empty are left out. Bytes that are not
  // UTF-8 are replaced.
  void write(std::string_view event, std::initializer_list<LogField> fields);

 private:
  std::optional<LogFile> file_;
  std::optional<LogWriter> writer_;
};

}  // namespace cordon::server
