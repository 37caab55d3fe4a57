#include "command.h"

#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <linux/close_range.h>
#include <linux/filter.h>
#include <linux/keyctl.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <string>

#include "core/unique_fd.h"
#include "init.h"
#include "report.h"
#include "resolver.h"
#include "shared.h"

namespace cordon::inside {

namespace {

std::vector<sock_filter> decode(const char* digits) {
  const auto value = [](char c) { return c <= '9' ? c - '0' : c - 'a' + 10; };
  std::vector<sock_filter> program(std::strlen(digits) / 2 / sizeof(sock_filter));
  auto* bytes = reinterpret_cast<unsigned char*>(program.data());
  for (std::size_t i = 0; i < program.size() * sizeof(sock_filter); ++i) {
    bytes[i] = static_cast<unsigned char>(value(digits[2 * i]) << 4 | value(digits[2 * i + 1]));
  }
  return program;
}

void drop_privileges(const Command& command) {
  ::syscall(SYS_keyctl, KEYCTL_JOIN_SESSION_KEYRING, nullptr);  // instances may forbid keys at all
  constexpr int kMostCapabilities = 64;
  for (int i = 0; i < kMostCapabilities; ++i) {
    if (::prctl(PR_CAPBSET_DROP, i, 0, 0, 0) != 0 && errno != EINVAL) fail("drop capabilities");
  }
  ::prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
  if (::setgroups(0, nullptr) != 0) fail("leave all groups");
  if (::setresgid(command.gid, command.gid, command.gid) != 0) fail("change the group");
  if (::setresuid(command.uid, command.uid, command.uid) != 0) fail("change the user");
  __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
  const __user_cap_data_struct none[2] = {};
  if (::syscall(SYS_capset, &header, none) != 0) fail("drop capabilities");
}

void limit_resources(const Command& command) {
  // Not 0: a core_pattern that is a pipe of the host gets the memory all the same.
  const rlimit no_core{1, 1};
  if (::setrlimit(RLIMIT_CORE, &no_core) != 0) fail("limit core dumps");
  if (command.largest_file == 0) return;
  const rlimit file{command.largest_file, command.largest_file};
  if (::setrlimit(RLIMIT_FSIZE, &file) != 0) fail("limit the size of files");
}

void filter_calls(const Command& command) {
  if (::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) fail("forbid new privileges");
  std::vector<sock_filter> program = decode(command.filter);
  const sock_fprog loaded{static_cast<unsigned short>(program.size()), program.data()};
  if (::syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &loaded) != 0) {
    fail("load the system call filter");
  }
}

// The way a shell looks for it. Empty with errno when there is none.
std::string find_program(const char* name) {
  if (std::strchr(name, '/') != nullptr) return ::access(name, X_OK) == 0 ? name : "";
  const char* const path = std::getenv("PATH");
  int reason = ENOENT;
  for (std::string rest = path != nullptr ? path : ""; !rest.empty();) {
    const std::size_t colon = rest.find(':');
    const std::string candidate = rest.substr(0, colon) + "/" + name;
    rest = colon == std::string::npos ? "" : rest.substr(colon + 1);
    struct stat status{};
    if (::stat(candidate.c_str(), &status) != 0 || !S_ISREG(status.st_mode)) continue;
    if (::access(candidate.c_str(), X_OK) == 0) return candidate;
    reason = EACCES;
  }
  errno = reason;
  return {};
}

// A store adds variables of its own.
void keep_variables(const Command& command) {
  std::vector<char*> kept;
  for (char** variable = environ; *variable != nullptr; ++variable) {
    for (const char* name : command.variables) {
      const std::size_t size = std::strlen(name);
      if (std::strncmp(*variable, name, size) == 0 && (*variable)[size] == '=') {
        kept.push_back(*variable);
      }
    }
  }
  ::clearenv();
  for (char* variable : kept) ::putenv(variable);
}

// "NAME=value\0"..., in memory that stays.
void read_environment(int file) {
  struct stat status{};
  if (::fstat(file, &status) != 0) fail("read the environment");
  const auto size = static_cast<std::size_t>(status.st_size);
  char* const text = new char[size + 1];
  if (::pread(file, text, size, 0) != static_cast<ssize_t>(size)) fail("read the environment");
  text[size] = 0;
  ::clearenv();
  for (char* at = text; at < text + size; at += std::strlen(at) + 1) ::putenv(at);
}

void separate(const Command& command) {
  int what = CLONE_NEWNS | CLONE_NEWUTS;
  if (command.shared_instance) what |= CLONE_NEWIPC | CLONE_NEWPID;
  if (command.shared_instance && command.own_network) what |= CLONE_NEWNET;
  if (::unshare(what) != 0) fail("make namespaces");
  if (::sethostname(command.hostname, std::strlen(command.hostname)) != 0) fail("name the host");
  if (command.shared_instance && command.own_network) raise_loopback();
}

[[noreturn]] void become(const Command& command) {
  name_resolvers(command.resolvers);
  put_files_together(command.files, command.shared_instance, command.restored);
  limit_resources(command);
  ::umask(022);
  keep_variables(command);
  drop_privileges(command);
  if (::chdir(command.directory) != 0) fail("enter the work directory", command.directory);
  struct stat status{};
  const std::string program = find_program(command.words[0]);
  if (program.empty()) fail("run", command.words[0]);
  if (::stat(program.c_str(), &status) == 0 && S_ISDIR(status.st_mode)) {
    fail("run", command.words[0], EACCES);
  }
  filter_calls(command);
  report_ready();
  ::execv(program.c_str(), command.words);
  if (errno == ENOEXEC) {
    // As execvp() does: a script without a first line that names its interpreter.
    std::vector<char*> words;
    std::string shell = "/bin/sh";
    std::string script = program;
    words.push_back(shell.data());
    words.push_back(script.data());
    for (char** word = command.words + 1; *word != nullptr; ++word) words.push_back(*word);
    words.push_back(nullptr);
    ::execv(shell.c_str(), words.data());
  }
  const std::string line =
      std::string("cordon: cannot run ") + command.words[0] + ": " + std::strerror(errno) + "\n";
  [[maybe_unused]] const ssize_t size = ::write(STDERR_FILENO, line.data(), line.size());
  constexpr int kNotExecutable = 126;
  ::_exit(kNotExecutable);
}

}  // namespace

void run_command(const Command& command) {
  // Whoever attaches to an instance may leave descriptors of his own open.
  constexpr unsigned kFirst = 3;
  if (::syscall(SYS_close_range, kFirst, ~0U, CLOSE_RANGE_CLOEXEC) != 0) fail("close descriptors");
  if (command.environment >= 0) read_environment(command.environment);
  const UniqueFd score(::open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC));
  // The guest is the first to go when the host is out of memory.
  [[maybe_unused]] const ssize_t size = ::write(score.get(), "500", 3);
  if (!command.shared_instance) announce_command();
  separate(command);
  if (command.shared_instance) stay_as_parent_of_init(command.lifeline);
  become(command);
}

}  // namespace cordon::inside
