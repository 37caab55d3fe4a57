// A pseudo terminal with a program on it.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "core/unique_fd.h"
#include "support/program.h"

namespace cordon::test {

class Terminal {
 public:
  Terminal(const Invocation& invocation, unsigned short rows, unsigned short columns);

  void type(std::string_view text);
  void resize(unsigned short rows, unsigned short columns);
  // Reads the screen until it holds `text` beyond what an earlier call has consumed. Empty when the
  // text does not come.
  std::string expect(std::string_view text);
  // Reads until the program has ended.
  Outcome wait();
  const std::string& screen() const { return screen_; }
  pid_t pid() const { return program_->pid(); }

 private:
  bool pump(int timeout_ms);

  UniqueFd controller_;
  std::unique_ptr<Running> program_;
  std::string screen_;
  std::size_t seen_ = 0;
};

}  // namespace cordon::test
