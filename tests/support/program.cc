#include "support/program.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <stdexcept>

#include "support/identity.h"

namespace cordon::test {
namespace {

constexpr std::size_t kMostKept = 64 << 20;

std::pair<UniqueFd, UniqueFd> make_pipe() {
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) < 0) throw std::runtime_error("pipe2");
  return {UniqueFd(ends[0]), UniqueFd(ends[1])};
}

[[noreturn]] void become_program(const Invocation& invocation, std::array<int, 3> streams,
                                 int terminal, int name_space) {
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, nullptr);
  for (int number = 1; number < 32; ++number) ::signal(number, SIG_DFL);
  if (terminal >= 0) {
    setsid();
    ioctl(terminal, TIOCSCTTY, 0);
    streams = {terminal, terminal, terminal};
  }
  for (int fd = 0; fd < 3; ++fd) {
    // A descriptor that already has its number must lose close-on-exec by hand.
    if (streams[fd] == fd) {
      fcntl(fd, F_SETFD, 0);
    } else {
      dup2(streams[fd], fd);
    }
  }
  for (const int fd : invocation.inherited) fcntl(fd, F_SETFD, 0);
  if (!invocation.directory.empty() && chdir(invocation.directory.c_str()) < 0) _exit(119);
  assume(invocation.identity, invocation.user, name_space);
  std::vector<char*> argv;
  for (const std::string& argument : invocation.argv) {
    argv.push_back(const_cast<char*>(argument.c_str()));
  }
  argv.push_back(nullptr);
  std::vector<std::string> entries;
  bool has_path = false;
  for (const auto& [name, value] : invocation.environment) {
    has_path = has_path || name == "PATH";
    entries.push_back(name + "=" + value);
  }
  if (!has_path) entries.emplace_back("PATH=/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin");
  std::vector<char*> environment;
  for (const std::string& entry : entries) environment.push_back(const_cast<char*>(entry.c_str()));
  environment.push_back(nullptr);
  execvpe(argv[0], argv.data(), environment.data());
  _exit(errno == ENOENT ? 127 : 126);
}

}  // namespace

Running::Running(const Invocation& invocation, int terminal)
    : pending_input_(invocation.input),
      deadline_(std::chrono::steady_clock::now() + invocation.patience) {
  auto [in_read, in_write] = make_pipe();
  auto [out_read, out_write] = make_pipe();
  auto [err_read, err_write] = make_pipe();
  ::signal(SIGPIPE, SIG_IGN);
  const int name_space = invocation.identity == Identity::UserWithoutNamespaces
                             ? forbidding_namespace(invocation.user)
                             : -1;
  pid_ = fork();
  if (pid_ < 0) throw std::runtime_error("fork");
  if (pid_ == 0) {
    become_program(invocation, {in_read.get(), out_write.get(), err_write.get()}, terminal,
                   name_space);
  }
  pidfd_ = UniqueFd(static_cast<int>(syscall(SYS_pidfd_open, pid_, 0)));
  if (terminal < 0) {
    input_ = std::move(in_write);
    output_ = std::move(out_read);
    error_ = std::move(err_read);
    fcntl(input_.get(), F_SETFL, O_NONBLOCK);
  }
}

Running::~Running() {
  if (!reaped_ && pid_ > 0) {
    ::kill(pid_, SIGKILL);
    waitpid(pid_, nullptr, 0);
  }
}

void Running::send(std::string_view bytes) { pending_input_ += bytes; }

void Running::signal(int number) const { ::kill(pid_, number); }

bool Running::pump(int timeout_ms, bool outputs_only) {
  std::array<pollfd, 4> set{pollfd{pending_input_.empty() ? -1 : input_.get(), POLLOUT, 0},
                            pollfd{output_.get(), POLLIN, 0}, pollfd{error_.get(), POLLIN, 0},
                            pollfd{outputs_only ? -1 : pidfd_.get(), POLLIN, 0}};
  if (poll(set.data(), set.size(), timeout_ms) <= 0) return false;
  if (set[0].revents != 0) {
    const ssize_t count = write(input_.get(), pending_input_.data(), pending_input_.size());
    if (count > 0) pending_input_.erase(0, static_cast<std::size_t>(count));
    if (count < 0 && errno != EAGAIN) {
      pending_input_.clear();
      input_.reset();
    }
  }
  for (const std::size_t i : {1U, 2U}) {
    if (set[i].revents == 0) continue;
    UniqueFd& stream = i == 1 ? output_ : error_;
    std::string& kept = i == 1 ? outcome_.out : outcome_.err;
    char bytes[1 << 16];
    const ssize_t count = read(stream.get(), bytes, sizeof bytes);
    if (count <= 0) {
      stream.reset();
    } else if (kept.size() < kMostKept) {
      kept.append(bytes, static_cast<std::size_t>(count));
    }
  }
  return true;
}

std::string Running::read_until(std::string_view text) {
  while (outcome_.out.find(text) == std::string::npos && output_.valid() &&
         std::chrono::steady_clock::now() < deadline_) {
    pump(100, true);
  }
  return outcome_.out;
}

Outcome Running::wait() {
  if (reaped_) return outcome_;
  for (;;) {
    if (pending_input_.empty()) input_.reset();
    pump(100, false);
    rusage usage{};
    if (wait4(pid_, &outcome_.wait_status, WNOHANG, &usage) == pid_) {
      outcome_.peak_rss_kib = usage.ru_maxrss;
      break;
    }
    if (std::chrono::steady_clock::now() > deadline_) {
      outcome_.lost_patience = true;
      ::kill(pid_, SIGKILL);
      wait4(pid_, &outcome_.wait_status, 0, &usage);
      break;
    }
  }
  reaped_ = true;
  // What is in the pipes already; whoever else holds their other end is not waited for.
  while ((output_.valid() || error_.valid()) && pump(0, true)) {
  }
  outcome_.exit_code = WIFSIGNALED(outcome_.wait_status) ? 128 + WTERMSIG(outcome_.wait_status)
                                                         : WEXITSTATUS(outcome_.wait_status);
  return outcome_;
}

Outcome run(const Invocation& invocation) { return Running(invocation).wait(); }

std::string describe(const Outcome& outcome) {
  return "exit " + std::to_string(outcome.exit_code) +
         (outcome.lost_patience ? " (killed by the test: it did not end)" : "") +
         "\nstdout: " + outcome.out.substr(0, 2000) + "\nstderr: " + outcome.err.substr(0, 2000);
}

std::size_t open_descriptors(pid_t pid) {
  std::size_t count = 0;
  const std::string path = "/proc/" + std::to_string(pid) + "/fd";
  for ([[maybe_unused]] const auto& entry : std::filesystem::directory_iterator(path)) ++count;
  return count;
}

bool is_gone(pid_t pid) {
  std::ifstream stat("/proc/" + std::to_string(pid) + "/stat");
  std::string line;
  if (!std::getline(stat, line)) return true;
  const std::size_t end = line.rfind(')');
  return end == std::string::npos || end + 2 >= line.size() || line[end + 2] == 'Z';
}

void short_pause() {
  const timespec pause{0, 5'000'000};
  nanosleep(&pause, nullptr);
}

}  // namespace cordon::test
