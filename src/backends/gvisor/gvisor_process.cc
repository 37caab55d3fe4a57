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

GvisorProcess::GvisorProcess(native::RunningSandbox running, UniqueFd root, World world,
                             std::string id, std::string command)
    : root_(std::move(root)),
      world_(std::move(world)),
      id_(std::move(id)),
      command_(std::move(command)),
      runsc_(std::make_unique<native::NativeProcess>(std::move(running))) {}

Result<std::unique_ptr<GvisorProcess>> GvisorProcess::make(native::RunningSandbox running,
                                                           World world, std::string id,
                                                           std::string command) {
  UniqueFd root(::fcntl(running.launched.root.get(), F_DUPFD_CLOEXEC, 0));
  if (!root.valid()) return std::unexpected(system_error("copy a descriptor"));
  return std::unique_ptr<GvisorProcess>(new GvisorProcess(
      std::move(running), std::move(root), std::move(world), std::move(id), std::move(command)));
}

std::string GvisorProcess::log() const {
  const std::string path(place::kLog.substr(1));
  const UniqueFd file(::openat(root_.get(), path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW));
  std::string text(kLongestLog, '\0');
  const ssize_t size = file.valid() ? ::read(file.get(), text.data(), text.size()) : 0;
  text.resize(size > 0 ? static_cast<std::size_t>(size) : 0);
  return text;
}

Result<ProcessEnd> GvisorProcess::wait() {
  ProcessEnd end = TRY(runsc_->wait());
  if (!WIFEXITED(end.wait_status)) return end;
  const int code = WEXITSTATUS(end.wait_status);
  if (code == kFailed && !end.limit_hit) {
    if (auto error = error_of_log(log(), command_)) {
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

Result<void> GvisorProcess::signal(int number) {
  constexpr std::chrono::seconds kPatience(5);
  const auto sent = call_runsc(world_, {"kill", id_, std::to_string(number)}, -1, kPatience);
  // There may be no command yet, or no more: then runsc itself is what there is to signal.
  return sent ? Result<void>() : runsc_->signal(number);
}

void GvisorProcess::kill() { runsc_->kill(); }

}  // namespace cordon::gvisor
