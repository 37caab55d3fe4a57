#include "lxc/classic_container.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <set>

#include "core/try.h"
#include "core/unique_fd.h"
#include "linux/kernel.h"
#include "linux/mount_line.h"
#include "linux/proc_file.h"
#include "lxc/attached_command.h"
#include "lxc/guarantees.h"
#include "native/paths.h"
#include "sandbox/unsupported.h"

namespace cordon::lxc {

namespace {

std::string_view take_word(std::string_view& text) {
  text.remove_prefix(std::min(text.size(), text.find_first_not_of(" \t")));
  const auto word = text.substr(0, text.find_first_of(" \t"));
  text.remove_prefix(word.size());
  return word;
}

std::string_view take_line(std::string_view& text) {
  const auto line = text.substr(0, text.find('\n'));
  text.remove_prefix(std::min(text.size(), line.size() + 1));
  return line;
}

// Never by the caller's PATH.
Result<std::string> find_tool(const std::string& stated) {
  if (stated.contains('/')) return stated;
  for (const std::string_view place :
       {"/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin"}) {
    std::string path = fmt::format("{}/{}", place, stated);
    if (::access(path.c_str(), X_OK) == 0) return path;
  }
  return std::unexpected(unsupported("use classic LXC", "", "there is no lxc-attach in /usr/bin",
                                     "`sudo apt install lxc`"));
}

Result<void> same_as_on_host(int root, const FileStep& step) {
  const kernel::OpenHow how{O_PATH | O_CLOEXEC, 0, kernel::kResolveInRoot};
  const UniqueFd theirs(
      static_cast<int>(::syscall(SYS_openat2, root, step.path.c_str(), &how, sizeof how)));
  const UniqueFd ours(::open(step.path.c_str(), O_PATH | O_CLOEXEC));
  struct stat there{};
  struct stat here{};
  struct statvfs mounted{};
  const bool same = theirs.valid() && ours.valid() && ::fstat(theirs.get(), &there) == 0 &&
                    ::fstat(ours.get(), &here) == 0 && there.st_dev == here.st_dev &&
                    there.st_ino == here.st_ino && ::fstatvfs(theirs.get(), &mounted) == 0;
  const bool writable = same && (mounted.f_flag & ST_RDONLY) == 0;
  if (same && (writable || step.kind == FileStep::Kind::ShowReadOnly)) return {};
  return std::unexpected(unsupported(
      "show in the container", step.path,
      same ? "the container has it read-only" : "the container does not have it at the same path",
      fmt::format("`lxc.mount.entry = {0} {1} none bind,create=dir 0 0` in the container's config, "
                  "and start it again",
                  step.path, step.path.substr(1))));
}

Result<void> check_owner(const std::string& maps, const docker::Identity& identity,
                         const FileStep& step) {
  const auto users = linux_os::read_proc_file(maps + "/uid_map").value_or("");
  if (maps_to_itself(users, identity.uid)) return {};
  const docker::Identity owner = TRY(docker::owner_of(step.path));
  if (identity.uid == docker::kNonRootUser && owner.uid != identity.uid) return {};
  return std::unexpected(unsupported(
      "let what the container writes belong to the user", fmt::format("{}", identity.uid),
      "the container has another number for it",
      fmt::format("`lxc.idmap = u {0} {0} 1` and `lxc.idmap = g {1} {1} 1` in the container's "
                  "config, between the ranges around them, and start it again",
                  identity.uid, identity.gid)));
}

}  // namespace

std::vector<std::string> ClassicContainer::attach_words() const {
  std::vector<std::string> words = {attach, "-n", name};
  if (!containers.empty()) words.insert(words.end(), {"-P", containers});
  words.insert(words.end(), {"--clear-env", "--"});
  return words;
}

pid_t pid_of_info(std::string_view text) {
  while (!text.empty()) {
    auto line = take_line(text);
    if (take_word(line) != "PID:") continue;
    const auto number = take_word(line);
    pid_t pid = 0;
    std::from_chars(number.data(), number.data() + number.size(), pid);
    return pid;
  }
  return 0;
}

bool maps_to_itself(std::string_view map, unsigned long id) {
  while (!map.empty()) {
    auto line = take_line(map);
    std::array<unsigned long, 3> range{};  // inside, outside, how many
    for (unsigned long& number : range) {
      const auto word = take_word(line);
      std::from_chars(word.data(), word.data() + word.size(), number);
    }
    if (range[0] == range[1] && id >= range[0] && id - range[0] < range[2]) return true;
  }
  return false;
}

std::vector<std::string> places_of_host(std::string_view mountinfo, std::string_view of_host) {
  std::set<std::string_view> devices;
  while (!of_host.empty()) {
    const auto mount = linux_os::read_mount_line(take_line(of_host));
    const std::string place = linux_os::unescape_octal(mount.point);
    const bool own = native::is_beneath(place, "/proc") || native::is_beneath(place, "/sys") ||
                     native::is_beneath(place, "/dev");
    if (!own) devices.insert(mount.device);
  }
  std::vector<std::string> places;
  while (!mountinfo.empty()) {
    const auto mount = linux_os::read_mount_line(take_line(mountinfo));
    std::string place = linux_os::unescape_octal(mount.point);
    if (place.empty() || place == "/" || !devices.contains(mount.device)) continue;
    places.push_back(std::move(place));
  }
  return places;
}

Result<ClassicContainer> find_container(const Settings& settings,
                                        std::chrono::milliseconds patience) {
  ClassicContainer found{.name = settings.instance,
                         .attach = TRY(find_tool(settings.attach)),
                         .containers = settings.containers};
  const std::string info = found.attach.substr(0, found.attach.rfind('/')) + "/lxc-info";
  std::vector<std::string> words = {info, "-n", found.name, "-s", "-p"};
  if (!found.containers.empty()) words.insert(words.end(), {"-P", found.containers});
  auto said = ask(words, patience);
  if (!said && said.error().code == ErrorCode::Unavailable) {
    return std::unexpected(std::move(said).error());
  }
  found.first_process = said ? pid_of_info(*said) : 0;
  if (found.first_process <= 0) {
    return std::unexpected(unsupported(
        "use the container", found.name, said ? "it does not run" : said.error().detail,
        fmt::format("`lxc-start -n {}` starts it; `lxc-ls -f` shows those that there are",
                    found.name)));
  }
  const auto seen = look_at_process(found.first_process);
  if (!seen || ::access(fmt::format("/proc/{}/root/", found.first_process).c_str(), X_OK) != 0) {
    return std::unexpected(unsupported("look at the container", found.name,
                                       "its processes are another user's", "run Cordon as root"));
  }
  found.user_namespace = seen->user_namespace;
  return found;
}

Result<std::vector<std::pair<std::string, std::string>>> find_shown(
    const ClassicContainer& container, const docker::Identity& identity, Files& files) {
  const std::string process = fmt::format("/proc/{}", container.first_process);
  const UniqueFd root(::open((process + "/root").c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  if (!root.valid()) return std::unexpected(system_error("look at the container", container.name));
  std::vector<std::pair<std::string, std::string>> sources;
  for (const FileStep& step : files.steps) {
    if (!step.shows()) continue;
    TRY(same_as_on_host(root.get(), step));
    if (step.kind == FileStep::Kind::ShowWritable) TRY(check_owner(process, identity, step));
    sources.emplace_back(step.path, step.path);
  }
  const auto mounts = linux_os::read_proc_file(process + "/mountinfo").value_or("");
  const auto of_host = linux_os::read_proc_file("/proc/self/mountinfo").value_or("");
  hide_places(files, places_of_host(mounts, of_host));
  return sources;
}

}  // namespace cordon::lxc
