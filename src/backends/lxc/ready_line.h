// What the program inside says first; see inside/report.h.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "cordon/error.h"

namespace cordon::lxc {

// Takes the line off the front of the command's errors, piece by piece as they come.
class ReadyLine {
 public:
  // What of `bytes` is the command's. Until decided() it is nothing.
  std::string_view feed(std::string_view bytes);
  // The stream ended.
  void end();

  bool decided() const { return outcome_.has_value(); }
  const Result<void>& outcome() const { return *outcome_; }

 private:
  std::string line_;
  std::optional<Result<void>> outcome_;
};

}  // namespace cordon::lxc
