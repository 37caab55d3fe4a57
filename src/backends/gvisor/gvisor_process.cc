#include "gvisor/gvisor_process.h"

#include <fcntl.h>
#include <sys/wait.h>

#include <boost/json.hpp>
#include <csignal>

#include "core/try.h"
#include "gvisor/places.h"
#include "gvisor/runsc_error.h"

namespace cordon::gvisor {

namespace {

constexpr int kFailed = 128;  // runsc's own failure; also what a command may say
// As a shell reports a signal, and runsc.
constexpr int kSignalBase = 128;
constexpr std::size_t kLongestLog = 64 << 10;

}  // namespace

GvisorProcess::GvisorProcess(native::RunningSandbox running, UniqueFd world, std::string command)
    : world_(std::move(world)),
      command_(std::move(command)),
      runsc_(std::make_unique<native::NativeProcess>(std::move(running))) {}

Result<std::unique_ptr<GvisorProcess>> GvisorProcess::make(native::RunningSandbox running,
                                                           std::string command) {
  UniqueFd world(::fcntl(running.launched.root.get(), F_DUPFD_CLOEXEC, 0));
  if (!world.valid()) return std::unexpected(system_error("copy a descriptor"));
  return std::unique_ptr<GvisorProcess>(
      new GvisorProcess(std::move(running), std::move(world), std::move(command)));
}

std::string GvisorProcess::last_error() const {
  const std::string path(place::kLog.substr(1));
  const UniqueFd log(::openat(world_.get(), path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW));
  std::string text(kLongestLog, '\0');
  const ssize_t size = log.valid() ? ::read(log.get(), text.data(), text.size()) : 0;
  text.resize(size > 0 ? static_cast<std::size_t>(size) : 0);
  return text;
}

Result<ProcessEnd> GvisorProcess::wait() {
  ProcessEnd end = TRY(runsc_->wait());
  if (!WIFEXITED(end.wait_status)) return end;
  const int code = WEXITSTATUS(end.wait_status);
  if (code == kFailed && !end.limit_hit) {
    if (auto error = error_of_log(last_error(), command_)) {
      return std::unexpected(*std::move(error));
    }
  }
  if (code == kSignalBase + SIGXFSZ) {
    end.limit_hit = LimitKind::Disk;
    end.wait_status = SIGXFSZ;
  } else if (end.limit_hit == LimitKind::Memory && code != 0) {
    end.wait_status = SIGKILL;
  }
  return end;
}

Result<void> GvisorProcess::signal(int number) { return runsc_->signal(number); }

void GvisorProcess::kill() { runsc_->kill(); }

}  // namespace cordon::gvisor
