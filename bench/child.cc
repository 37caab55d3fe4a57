#include "child.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>

namespace cordon::bench {
namespace {

pid_t spawn(const Command& command, int stdout_fd) {
  std::vector<char*> argv;
  for (const auto& word : command) argv.push_back(const_cast<char*>(word.c_str()));
  argv.push_back(nullptr);
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
  if (stdout_fd >= 0) {
    posix_spawn_file_actions_adddup2(&actions, stdout_fd, 1);
  } else {
    posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_WRONLY, 0);
  }
  pid_t pid = -1;
  const int failure = posix_spawnp(&pid, argv[0], &actions, nullptr, argv.data(), environ);
  posix_spawn_file_actions_destroy(&actions);
  if (failure != 0) give_up(fmt::format("cannot start {}: {}", command[0], std::strerror(failure)));
  return pid;
}

int reap(pid_t pid) {
  int status = 0;
  while (waitpid(pid, &status, 0) < 0) {
    if (errno != EINTR) give_up("waitpid failed");
  }
  return status;
}

}  // namespace

void give_up(const std::string& why) {
  fmt::print(stderr, "cordon-bench: {}\n", why);
  std::exit(1);
}

void run(const Command& command) {
  const int status = reap(spawn(command, -1));
  if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) {
    give_up(fmt::format("'{}' ended with wait status {:#x}", fmt::join(command, " "), status));
  }
}

Child::Child(const Command& command) {
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) give_up("no pipe");
  stdout_.reset(ends[0]);
  const UniqueFd write_end(ends[1]);
  pid_ = spawn(command, write_end.get());
}

Child::~Child() {
  if (pid_ < 0) return;
  kill(pid_, SIGKILL);
  reap(pid_);
}

int Child::wait() { return reap(std::exchange(pid_, -1)); }

Command bwrap(const Command& command) {
  Command all{"bwrap",  "--ro-bind", "/",     "/",    "--unshare-all",
              "--proc", "/proc",     "--dev", "/dev", "--die-with-parent"};
  all.insert(all.end(), command.begin(), command.end());
  return all;
}

Command cordon_run(const std::string& program, const Command& command) {
  Command all{program, "run", "--"};
  all.insert(all.end(), command.begin(), command.end());
  return all;
}

}  // namespace cordon::bench
