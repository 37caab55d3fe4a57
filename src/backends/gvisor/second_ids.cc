#include "gvisor/second_ids.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <spawn.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <optional>
#include <string>
#include <vector>

#include "core/printable.h"
#include "core/try.h"
#include "core/unique_fd.h"
#include "linux/proc_file.h"
#include "linux/subordinate_ids.h"
#include "linux/user_entry.h"
#include "sandbox/unsupported.h"

namespace cordon::gvisor {

namespace {

constexpr const char* kMapUsers = "/usr/bin/newuidmap";
constexpr const char* kMapGroups = "/usr/bin/newgidmap";

std::unexpected<Error> refuse(std::string detail, std::string remedy) {
  return std::unexpected(unsupported("checkpoint a gvisor sandbox", "", std::move(detail),
                                     std::move(remedy) + "; or run Cordon as root"));
}

std::optional<std::uint32_t> first_of(const char* path, const std::string& name,
                                      const std::string& number) {
  const std::string text = linux_os::read_proc_file(path).value_or("");
  for (const std::string& whom : {name, number}) {
    const auto ranges = linux_os::subordinate_ids(text, whom);
    if (!whom.empty() && !ranges.empty()) return ranges.front().first;
  }
  return std::nullopt;
}

// What the program says, until it ends. Whether it did what it was asked to the kernel says.
std::string run(const std::vector<std::string>& words) {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) return "no pipe";
  const UniqueFd said(ends[0]);
  UniqueFd output(ends[1]);
  posix_spawn_file_actions_t actions;
  ::posix_spawn_file_actions_init(&actions);
  ::posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
  ::posix_spawn_file_actions_adddup2(&actions, output.get(), 1);
  ::posix_spawn_file_actions_adddup2(&actions, output.get(), 2);
  std::vector<std::string> own = words;
  std::vector<char*> argv;
  for (std::string& word : own) argv.push_back(word.data());
  argv.push_back(nullptr);
  char* const environment[] = {nullptr};
  pid_t pid = 0;
  const int error =
      ::posix_spawn(&pid, words.front().c_str(), &actions, nullptr, argv.data(), environment);
  ::posix_spawn_file_actions_destroy(&actions);
  if (error != 0) return system_error("run", words.front(), error).message();
  output.reset();
  std::string text;
  constexpr int kPatience = 10'000;  // ms; they write a line into /proc
  constexpr std::size_t kMost = 1000;
  for (;;) {
    pollfd waiting{said.get(), POLLIN, 0};
    const int ready = ::poll(&waiting, 1, kPatience);
    if (ready < 0 && errno == EINTR) continue;
    char bytes[512];
    const ssize_t size = ready > 0 ? ::read(said.get(), bytes, sizeof bytes) : 0;
    if (size <= 0) break;
    if (text.size() < kMost) text.append(bytes, static_cast<std::size_t>(size));
  }
  // It may be root's by now, and not ours to kill: then it is what it waits for that ends.
  int status = 0;
  while (::waitpid(pid, &status, 0) < 0 && errno == EINTR) {
  }
  return printable(text);
}

Result<void> map(const char* program, const std::string& process, const char* file, unsigned own,
                 unsigned second) {
  const std::string said = run({program, process, "0", fmt::format("{}", own), "1",
                                fmt::format("{}", kKernelUser), fmt::format("{}", second), "1"});
  // The program that embeds this may have waited for that one in our place: look at the map.
  const std::string mapped =
      linux_os::read_proc_file(fmt::format("/proc/{}/{}", process, file)).value_or("");
  if (mapped.contains(fmt::format(" {} ", second))) return {};
  return refuse(fmt::format("{} did not map {}: {}", program, second, said),
                "its own rules are in newuidmap(1)");
}

}  // namespace

Result<SecondIds> find_second_ids(const native::Caller& caller) {
  if (::access(kMapUsers, X_OK) != 0 || ::access(kMapGroups, X_OK) != 0) {
    return refuse("runsc restores with two user numbers, and there is no newuidmap to map them",
                  "`apt install uidmap`");
  }
  const auto user = linux_os::find_user(caller.uid);
  const std::string name = user ? user->name : "";
  const std::string number = fmt::format("{}", caller.uid);
  const auto uid = first_of("/etc/subuid", name, number);
  const auto gid = first_of("/etc/subgid", name, number);
  if (name.empty() || !uid || !gid) {
    return refuse(
        fmt::format("runsc restores with two user numbers, and /etc/subuid or /etc/subgid gives {} "
                    "none",
                    name.empty() ? number : name),
        name.empty() ? "a user of that number in /etc/passwd"
                     : fmt::format("`usermod --add-subuids 100000-165535 --add-subgids "
                                   "100000-165535 {}`",
                                   name));
  }
  if (::prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 1) {
    return refuse("no_new_privs is on, and so newuidmap has no right to map a second user number",
                  "start Cordon without it");
  }
  return SecondIds{.uid = *uid, .gid = *gid};
}

Result<void> map_by_programs(pid_t first, const native::Caller& caller, const SecondIds& second) {
  const std::string process = fmt::format("{}", first);
  TRY(map(kMapUsers, process, "uid_map", caller.uid, second.uid));
  return map(kMapGroups, process, "gid_map", caller.gid, second.gid);
}

}  // namespace cordon::gvisor
