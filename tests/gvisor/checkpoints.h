// What tests of gVisor's checkpoints share: through the library, for the command line has no words
// for it.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <unistd.h>

#include <chrono>
#include <memory>
#include <string>
#include <string_view>

#include "cordon/backend.h"
#include "core/id.h"
#include "gvisor/gvisor_backend.h"
#include "support/skip.h"
#include "support/temp_dir.h"

namespace cordon::test {
using namespace std::chrono_literals;
using testing::HasSubstr;

// A command that counts the lines it is given; the number is in its memory only, and a file in its
// private directory.
inline constexpr std::string_view kCounter =
    "echo kept > /tmp/file; i=0; while read line; do i=$((i + 1)); echo $i $(cat /tmp/file); done";

// What comes until the text is there, or nothing more for `patience`.
inline std::string read_until(Process& process, std::string_view text,
                              std::chrono::milliseconds patience = 60s) {
  std::string read;
  while (read.find(text) == std::string::npos) {
    pollfd ready{process.stdout_fd(), POLLIN, 0};
    if (::poll(&ready, 1, static_cast<int>(patience.count())) <= 0) break;
    char bytes[4096];
    const ssize_t size = ::read(process.stdout_fd(), bytes, sizeof bytes);
    if (size <= 0) break;
    read.append(bytes, static_cast<std::size_t>(size));
  }
  return read;
}

inline void send_line(Process& process) { ASSERT_EQ(::write(process.stdin_fd(), "x\n", 2), 2); }

class Checkpoints : public testing::Test {
 protected:
  void SetUp() override {
    if (geteuid() != 0)
      CORDON_SKIP("needs root: others need subordinate users, which only root can give");
    backend_ = make_gvisor_backend(gvisor::measure);
    temp_ = std::make_unique<TempDir>(geteuid());
    make_dir(*temp_ / "work");
    saved_ = *temp_ / "saved";
  }

  SandboxSpec spec() const {
    SandboxSpec spec;
    spec.id = *make_id();
    spec.work_dir = *temp_ / "work";
    spec.policy.limits.pids = 32;
    return spec;
  }

  static ProcessSpec command(std::string script) {
    return {.command = "sh",
            .args = {"-c", std::move(script)},
            .stdin_source = StdinSource::Pipe,
            .terminal = {}};
  }

  // A sandbox whose counter is at 10, written to saved_.
  void save_at_ten() const {
    auto sandbox = backend_->create(spec());
    ASSERT_TRUE(sandbox) << sandbox.error().message();
    auto process = (*sandbox)->start(command(std::string(kCounter)));
    ASSERT_TRUE(process) << process.error().message();
    for (int i = 0; i < 10; ++i) send_line(**process);
    ASSERT_THAT(read_until(**process, "10 kept\n"), HasSubstr("10 kept\n"));
    const auto written = (*sandbox)->checkpoint(saved_, Keep::Processes);
    ASSERT_TRUE(written) << written.error().message();
    const auto end = (*process)->wait();
    ASSERT_TRUE(end) << end.error().message();
    EXPECT_EQ(end->wait_status, 0);
  }

  Error refusal(const SandboxSpec& spec) const {
    const auto restored = backend_->restore(spec, saved_);
    EXPECT_FALSE(restored);
    return restored ? Error{} : restored.error();
  }

  std::unique_ptr<Backend> backend_;
  std::unique_ptr<TempDir> temp_;
  std::string saved_;
};

struct Running {
  std::unique_ptr<Sandbox> sandbox;
  std::unique_ptr<Process> process;
};

inline Running go_on(Backend& backend, const SandboxSpec& spec, const std::string& saved) {
  Running running;
  auto sandbox = backend.restore(spec, saved);
  EXPECT_TRUE(sandbox) << sandbox.error().message();
  if (!sandbox) return running;
  running.sandbox = *std::move(sandbox);
  auto process = running.sandbox->start(
      {.command = "the counter", .args = {}, .stdin_source = StdinSource::Pipe, .terminal = {}});
  EXPECT_TRUE(process) << process.error().message();
  if (process) running.process = *std::move(process);
  return running;
}

}  // namespace cordon::test
