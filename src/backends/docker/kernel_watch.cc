#include "docker/kernel_watch.h"

#include <dirent.h>

#include <charconv>
#include <chrono>
#include <cstring>
#include <memory>
#include <utility>

#include "docker/evidence.h"

namespace cordon::docker {

namespace {

bool is_there(const std::string& container, const std::string& program) {
  const std::unique_ptr<DIR, decltype(&::closedir)> processes(::opendir("/proc"), ::closedir);
  if (!processes) return false;
  while (const dirent* const entry = ::readdir(processes.get())) {
    pid_t pid = 0;
    const char* const end = entry->d_name + std::strlen(entry->d_name);
    if (std::from_chars(entry->d_name, end, pid).ptr != end) continue;
    if (is_gvisors_kernel(pid).value_or(false) && look_at_process(pid, container) &&
        may_run(pid, program)) {
      return true;
    }
  }
  return false;
}

}  // namespace

KernelWatch::KernelWatch(std::string container, std::string program)
    : container_(std::move(container)),
      program_(std::move(program)),
      thread_([this](const std::stop_token& stop) { look(stop); }) {}

void KernelWatch::look(const std::stop_token& stop) {
  // It starts for a tenth of a second and more before the command.
  constexpr std::chrono::milliseconds kPause{5};
  while (!stop.stop_requested() && !seen_) {
    seen_ = is_there(container_, program_);
    std::this_thread::sleep_for(kPause);
  }
}

bool KernelWatch::stop() {
  thread_ = {};
  return seen_;
}

}  // namespace cordon::docker
