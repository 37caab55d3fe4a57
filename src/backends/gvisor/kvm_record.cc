#include "gvisor/kvm_record.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <string_view>
#include <thread>

#include "core/printable.h"
#include "core/state_dir.h"
#include "core/trusted_path.h"
#include "core/try.h"
#include "core/whole_file.h"
#include "linux/kernel_version.h"
#include "linux/proc_file.h"

namespace cordon::gvisor {

namespace {

constexpr const char* kDevice = "/dev/kvm";
constexpr std::string_view kWhat = "remember whether KVM works in";
constexpr std::string_view kWorks = "works";
constexpr std::string_view kFails = "fails: ";
constexpr std::size_t kMostBytes = 4096;

// A file that was changed or replaced is another one.
std::string identity_of(const std::string& path) {
  struct stat status{};
  if (::stat(path.c_str(), &status) != 0) return "none";
  return fmt::format("{}:{}:{}:{}.{:09}:{}.{:09}", status.st_dev, status.st_ino, status.st_size,
                     status.st_mtim.tv_sec, status.st_mtim.tv_nsec, status.st_ctim.tv_sec,
                     status.st_ctim.tv_nsec);
}

std::string about(const Runsc& runsc) {
  const std::string boot =
      linux_os::read_proc_line("/proc/sys/kernel/random/boot_id").value_or("unknown");
  // A device whose driver was loaded anew, or that others may open now, is looked at anew.
  return fmt::format("1 {} {} {} {} {} {}\n", boot, linux_os::kernel_release(),
                     identity_of(runsc.path), identity_of(kDevice), ::geteuid(), ::getegid());
}

// Its owner's, and nobody else's to write.
Result<UniqueFd> open_own(const std::string& path, int flags) {
  UniqueFd fd(::open(path.c_str(), flags | O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
  struct stat status{};
  if (!fd.valid() || ::fstat(fd.get(), &status) != 0) {
    return std::unexpected(system_error(std::string(kWhat), path));
  }
  TRY(check_owner_and_mode(kWhat, path, status, 0));
  TRY(check_way_to(kWhat, path));
  return fd;
}

std::optional<KvmVerdict> verdict_of(std::string_view line) {
  // Without its end it is not all that was written.
  if (!line.ends_with('\n')) return std::nullopt;
  line.remove_suffix(1);
  if (line == kWorks) return KvmVerdict{.works = true, .why = {}};
  if (!line.starts_with(kFails)) return std::nullopt;
  return KvmVerdict{.works = false, .why = printable(line.substr(kFails.size()))};
}

// In words, why nothing of this caller's can open the device; absent: it may be tried.
std::optional<std::string> out_of_reach() {
  if (::faccessat(AT_FDCWD, kDevice, R_OK | W_OK, AT_EACCESS) == 0) return std::nullopt;
  if (errno == ENOENT) return "there is no /dev/kvm";
  if (errno == EACCES) return "this user may not open /dev/kvm";
  return system_error("open", kDevice).message();
}

}  // namespace

KvmRecord::KvmRecord(const std::string& state_dir, const Runsc& runsc)
    : directory_(state_dir + "/gvisor"), path_(directory_ + "/kvm"), about_(about(runsc)) {}

std::optional<KvmVerdict> KvmRecord::read() const {
  const auto file = open_own(path_, 0);
  if (!file) return std::nullopt;
  std::string text(kMostBytes, '\0');
  const ssize_t size = ::read(file->get(), text.data(), text.size());
  text.resize(size > 0 ? static_cast<std::size_t>(size) : 0);
  if (!text.starts_with(about_)) return std::nullopt;
  return verdict_of(std::string_view(text).substr(about_.size()));
}

Result<UniqueFd> KvmRecord::take_turn(std::chrono::milliseconds patience) const {
  constexpr std::chrono::milliseconds kInterval(20);
  std::error_code error;
  const std::filesystem::path state = std::filesystem::path(directory_).parent_path();
  std::filesystem::create_directories(state.parent_path(), error);
  // Each 0700, whatever the umask lets others do.
  for (const std::string& directory : {state.string(), directory_}) {
    if (::mkdir(directory.c_str(), 0700) != 0 && errno != EEXIST) {
      return std::unexpected(system_error(std::string(kWhat), directory));
    }
  }
  UniqueFd turn = TRY(open_own(directory_, O_DIRECTORY));
  const auto until = std::chrono::steady_clock::now() + patience;
  while (::flock(turn.get(), LOCK_EX | LOCK_NB) != 0) {
    if (errno != EWOULDBLOCK && errno != EINTR) {
      return std::unexpected(system_error(std::string(kWhat), directory_));
    }
    if (std::chrono::steady_clock::now() >= until) {
      return std::unexpected(Error{.code = ErrorCode::Conflict,
                                   .operation = "try KVM",
                                   .subject = {},
                                   .sys_errno = 0,
                                   .detail = "another Cordon is trying it",
                                   .remedy = {}});
    }
    std::this_thread::sleep_for(kInterval);
  }
  return turn;
}

Result<void> KvmRecord::write(const KvmVerdict& verdict) const {
  std::string line(verdict.works ? kWorks : kFails);
  if (!verdict.works) line += verdict.why;
  // printable() leaves no newline in it.
  return write_whole_file(path_, about_ + printable(line).substr(0, kMostBytes / 2) + "\n");
}

std::optional<KvmVerdict> known_of_kvm(const KvmRecord& record, EarlierNo earlier) {
  if (auto reason = out_of_reach()) return KvmVerdict{.works = false, .why = *std::move(reason)};
  auto verdict = record.read();
  if (verdict && !verdict->works && earlier == EarlierNo::TriedAgain) return std::nullopt;
  return verdict;
}

KvmRecord own_kvm_record(const Runsc& runsc) {
  const auto variable = [](std::string_view name) -> std::optional<std::string> {
    const char* const value = ::secure_getenv(std::string(name).c_str());
    return value != nullptr ? std::optional<std::string>(value) : std::nullopt;
  };
  return {default_state_dir(variable, ::geteuid()), runsc};
}

}  // namespace cordon::gvisor
