// The command of a running container.
#pragma once

#include <memory>
#include <optional>

#include "cordon/backend.h"
#include "docker/owned_container.h"
#include "docker/stream_bridge.h"
#include "sandbox/bridged_streams.h"

namespace cordon::docker {

class DockerProcess final : public Process {
 public:
  DockerProcess(std::shared_ptr<OwnedContainer> container, std::unique_ptr<StreamBridge> bridge,
                ProcessEnds ends, bool file_sizes_bounded);
  ~DockerProcess() override;

  int stdin_fd() const override;
  void close_stdin() override;
  int stdout_fd() const override;
  int stderr_fd() const override;
  int exit_fd() const override;
  Result<ProcessEnd> wait() override;
  Result<void> signal(int number) override;
  void kill() override;
  Result<void> resize(TerminalSize size) override;
  std::optional<LimitKind> poll_limits() override { return std::nullopt; }

 private:
  bool ran_out_of_memory() const;

  std::shared_ptr<OwnedContainer> container_;
  std::unique_ptr<StreamBridge> bridge_;
  ProcessEnds ends_;
  bool terminal_ = false;
  bool file_sizes_bounded_ = false;
};

}  // namespace cordon::docker
