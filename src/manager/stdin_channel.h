// Stdin that stays open: what the manager's callers write, as a descriptor that supervise() reads.
#pragma once

#include <cstddef>
#include <string_view>

#include "cordon/error.h"
#include "core/unique_fd.h"

namespace cordon {

class StdinChannel {
 public:
  static Result<StdinChannel> open();

  int reader() const { return reader_.get(); }
  // Takes what there is room for. Errors: Conflict, closed already.
  Result<std::size_t> write(std::string_view bytes);
  void close() { writer_.reset(); }

 private:
  StdinChannel(UniqueFd reader, UniqueFd writer)
      : reader_(std::move(reader)), writer_(std::move(writer)) {}

  UniqueFd reader_;
  UniqueFd writer_;
};

}  // namespace cordon
