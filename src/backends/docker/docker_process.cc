#include "docker/docker_process.h"

#include <csignal>

#include "core/try.h"

namespace cordon::docker {

DockerProcess::DockerProcess(std::shared_ptr<OwnedContainer> container,
                             std::unique_ptr<StreamBridge> bridge, Watched watched,
                             ProcessEnds ends, bool file_sizes_bounded)
    : BridgedProcess(std::move(ends), file_sizes_bounded),
      container_(std::move(container)),
      watched_(std::move(watched)),
      bridge_(std::move(bridge)) {}

DockerProcess::~DockerProcess() {
  if (!bridge_->outcome()) kill();
}

int DockerProcess::exit_fd() const { return bridge_->exit_fd(); }

bool DockerProcess::ran_out_of_memory() const {
  const auto container = container_->client().inspect(container_->id());
  return container && container->state.oom_killed;
}

Result<ProcessEnd> DockerProcess::wait() {
  const int code = TRY(bridge_->outcome()).exit_code;
  linux_os::Counted counted = watched_.usage->counted();
  // Where nothing could be counted the engine's word will do.
  const bool counting = watched_.usage->ended_fd() >= 0;
  if (code != 0 && !counting && ran_out_of_memory()) counted.kills_for_memory = 1;
  return end_of(code, counted, watched_.first ? watched_.first->wait_status() : std::nullopt);
}

Result<void> DockerProcess::signal(int number) {
  if (watched_.first) return watched_.first->signal(number);
  return container_->client().kill(container_->id(), number);
}

void DockerProcess::kill() {
  bridge_->expect_end();
  // An engine that does not do it is given up by the bridge.
  (void)container_->client().kill(container_->id(), SIGKILL);
}

Result<void> DockerProcess::resize(TerminalSize size) {
  return container_->client().resize(container_->id(), size.rows, size.columns);
}

std::optional<LimitKind> DockerProcess::poll_limits() {
  watched_.usage->look();
  return std::nullopt;
}

}  // namespace cordon::docker
