#include "linux/cgroup_members.h"

#include <fmt/format.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <optional>
#include <vector>

#include "core/unique_fd.h"
#include "linux/cgroup_files.h"

namespace cordon::cgroup {

namespace {

std::optional<std::vector<pid_t>> list_members(int directory, const std::string& procs) {
  const auto text = read_knob(directory, procs);
  if (!text) return std::nullopt;
  std::vector<pid_t> members;
  each_line(*text, [&](std::string_view line) {
    // 0 stands for a process outside this pid namespace, and kill(0) would be suicide.
    if (const auto pid = static_cast<pid_t>(leading_number(line)); pid > 0) members.push_back(pid);
  });
  std::ranges::sort(members);
  return members;
}

}  // namespace

KillRound kill_members_once(int directory, const std::string& procs) {
  constexpr std::size_t kMostAtOnce = 256;  // a fork bomb must not cost more descriptors than this
  KillRound round;
  const auto before = list_members(directory, procs);
  if (!before || before->empty()) {
    round.readable = before.has_value();
    return round;
  }
  round.found = before->size();
  struct Member {
    pid_t pid;
    UniqueFd handle;
  };
  std::vector<Member> members;
  for (const pid_t pid : *before) {
    if (members.size() == kMostAtOnce) break;
    UniqueFd handle(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0)));
    if (handle.valid()) members.push_back({pid, std::move(handle)});
  }
  // Between the list and the open a number may have passed to a stranger. Who is on the list once
  // more, with the handle open, is no stranger.
  const auto after = list_members(directory, procs);
  if (!after) return round;
  for (const Member& member : members) {
    if (!std::ranges::binary_search(*after, member.pid)) continue;
    if (::syscall(SYS_pidfd_send_signal, member.handle.get(), SIGKILL, nullptr, 0) != 0 &&
        errno != ESRCH) {
      round.refused = errno;
    }
  }
  return round;
}

Result<void> kill_members(int directory, const std::string& procs, std::string_view place,
                          Clock::time_point deadline) {
  auto pause = kFirstPause;
  for (;;) {
    const KillRound round = kill_members_once(directory, procs);
    if (round.found == 0) return {};  // a group that is gone holds nobody
    if (Clock::now() >= deadline) {
      auto error = system_error("kill the processes of a cgroup", std::string(place),
                                round.refused == 0 ? EBUSY : round.refused);
      error.detail = fmt::format("{} of them are still there", round.found);
      return std::unexpected(std::move(error));
    }
    pause_longer(pause);
  }
}

}  // namespace cordon::cgroup
