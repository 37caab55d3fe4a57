// A command in a container of classic LXC: lxc-attach, whose streams are the command's own.
#pragma once

#include <sys/types.h>

#include <memory>
#include <string>
#include <vector>

#include "core/unique_fd.h"
#include "lxc/command_streams.h"
#include "sandbox/bridged_streams.h"

namespace cordon::lxc {

// What the program inside has besides its streams, by number.
inline constexpr int kProgramFd = 3;      // itself
inline constexpr int kLifelineFd = 4;     // ends everything inside when its other end is closed
inline constexpr int kEnvironmentFd = 5;  // "NAME=value\0"...

struct AttachRequest {
  std::vector<std::string> words;        // argv of lxc-attach; the first is its path
  std::vector<std::string> environment;  // of the command
  std::string program;                   // the host's
};

class AttachedCommand final : public CommandStreams {
 public:
  // `errors`: where the command's stderr arrives; it is read until the walls stand.
  static Result<std::unique_ptr<AttachedCommand>> start(const AttachRequest& request,
                                                        BridgeEnds ends, int errors);
  ~AttachedCommand() override;

  Result<void> await_ready(std::chrono::milliseconds patience) override;
  int exit_fd() const override { return attach_.get(); }
  bool ended() const override;
  Result<int> exit_code() const override;
  void signal(int number) override;
  void resize(TerminalSize) override {}
  void expect_end() override {}

 private:
  AttachedCommand(pid_t pid, UniqueFd attach, UniqueFd lifeline, int errors)
      : pid_(pid), attach_(std::move(attach)), lifeline_(std::move(lifeline)), errors_(errors) {}

  const pid_t pid_;
  const UniqueFd attach_;  // a pidfd
  UniqueFd lifeline_;
  const int errors_;
};

// Runs a program of the host and returns what it printed. Errors: Unavailable: it did not end in
// time; Internal, with what it printed: its exit status is not 0.
Result<std::string> ask(const std::vector<std::string>& words, std::chrono::milliseconds patience);

}  // namespace cordon::lxc
