#include "docker/docker_process.h"

#include <csignal>

#include "core/try.h"

namespace cordon::docker {

namespace {

// As a shell and the container's init report a signal.
constexpr int kSignalBase = 128;

int wait_status_of_exit(int code) { return (code & 0xff) << 8; }

}  // namespace

DockerProcess::DockerProcess(std::shared_ptr<OwnedContainer> container,
                             std::unique_ptr<StreamBridge> bridge, ProcessEnds ends,
                             bool file_sizes_bounded)
    : container_(std::move(container)),
      bridge_(std::move(bridge)),
      ends_(std::move(ends)),
      terminal_(!ends_.err.valid()),
      file_sizes_bounded_(file_sizes_bounded) {}

DockerProcess::~DockerProcess() {
  if (!bridge_->outcome()) kill();
}

int DockerProcess::stdin_fd() const { return terminal_ ? ends_.out.get() : ends_.in.get(); }

void DockerProcess::close_stdin() { ends_.in.reset(); }

int DockerProcess::stdout_fd() const { return ends_.out.get(); }

int DockerProcess::stderr_fd() const { return ends_.err.get(); }

int DockerProcess::exit_fd() const { return bridge_->exit_fd(); }

bool DockerProcess::ran_out_of_memory() const {
  const auto container = container_->client().inspect(container_->id());
  return container && container->state.oom_killed;
}

Result<ProcessEnd> DockerProcess::wait() {
  const engine::Waited waited = TRY(bridge_->outcome());
  ProcessEnd end;
  end.wait_status = wait_status_of_exit(waited.exit_code);
  if (waited.exit_code != 0 && ran_out_of_memory()) {
    end.limit_hit = LimitKind::Memory;
    if (waited.exit_code == kSignalBase + SIGKILL) end.wait_status = SIGKILL;
  } else if (file_sizes_bounded_ && waited.exit_code == kSignalBase + SIGXFSZ) {
    end.limit_hit = LimitKind::Disk;
    end.wait_status = SIGXFSZ;
  }
  return end;
}

Result<void> DockerProcess::signal(int number) {
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

}  // namespace cordon::docker
