// The command of a running container.
#pragma once

#include <memory>
#include <optional>

#include "docker/owned_container.h"
#include "docker/stream_bridge.h"
#include "sandbox/bridged_process.h"

namespace cordon::docker {

class DockerProcess final : public BridgedProcess {
 public:
  DockerProcess(std::shared_ptr<OwnedContainer> container, std::unique_ptr<StreamBridge> bridge,
                Watched watched, ProcessEnds ends, bool file_sizes_bounded);
  ~DockerProcess() override;

  int exit_fd() const override;
  Result<ProcessEnd> wait() override;
  Result<void> signal(int number) override;
  void kill() override;
  Result<void> resize(TerminalSize size) override;
  std::optional<LimitKind> poll_limits() override;

 private:
  bool ran_out_of_memory() const;

  std::shared_ptr<OwnedContainer> container_;
  Watched watched_;
  std::unique_ptr<StreamBridge> bridge_;
};

}  // namespace cordon::docker
