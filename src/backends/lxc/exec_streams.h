// Between a command's streams, which come and go in websockets of the store, and the pipes that a
// Process shows. A thread of its own moves the bytes.
#pragma once

#include <chrono>
#include <memory>
#include <string>

#include "cordon/backend.h"
#include "cordon/error.h"
#include "lxc/command_streams.h"
#include "lxc/store.h"
#include "sandbox/bridged_streams.h"

namespace cordon::lxc {

// At most one piece of output (64 KiB) and one of input are held in memory: whoever does not read
// stops the command. Thread-safe.
class ExecStreams final : public CommandStreams {
 public:
  static Result<std::unique_ptr<ExecStreams>> start(const std::string& socket, ExecHandle handle,
                                                    BridgeEnds ends);
  ~ExecStreams() override;

  Result<void> await_ready(std::chrono::milliseconds patience) override;
  int exit_fd() const override;
  bool ended() const override;
  Result<int> exit_code() const override;
  void signal(int number) override;
  void resize(TerminalSize size) override;
  void expect_end() override;

 private:
  class Bridge;
  explicit ExecStreams(std::unique_ptr<Bridge> bridge);
  std::unique_ptr<Bridge> bridge_;
};

}  // namespace cordon::lxc
