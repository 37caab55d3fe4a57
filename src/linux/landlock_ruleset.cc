#include <fcntl.h>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <map>
#include <utility>

#include "cordon/landlock.h"
#include "core/try.h"
#include "core/unique_fd.h"
#include "linux/kernel.h"
#include "linux/landlock.h"
#include "linux/landlock_report.h"

namespace cordon {

namespace {

using namespace kernel;

constexpr std::uint64_t kRead = kFsExecute | kFsReadFile | kFsReadDir;
constexpr std::uint64_t kOfFiles =
    kFsExecute | kFsWriteFile | kFsReadFile | kFsTruncate | kFsIoctlDev;

Error no_landlock() {
  ::syscall(SYS_landlock_create_ruleset, nullptr, 0, kLandlockVersion);
  const int error = errno;
  Error result = system_error("use Landlock", {}, error);
  result.code = ErrorCode::Unsupported;
  if (error == EOPNOTSUPP) {
    result.detail = "it was not enabled when the kernel booted";
    result.remedy =
        "add lsm=landlock, in front of the modules already there, to the kernel's "
        "command line";
  } else if (error == ENOSYS) {
    result.detail = "the kernel has none";
    result.remedy = "boot Linux 5.13 or newer with CONFIG_SECURITY_LANDLOCK";
  }
  return result;
}

// Absent: there is nothing at that path.
Result<UniqueFd> open_path(const std::string& path) {
  if (path.empty()) {
    return std::unexpected(invalid_argument("add a Landlock rule", "\"\"", "the path is empty"));
  }
  UniqueFd fd(::open(path.c_str(), O_PATH | O_CLOEXEC));
  if (fd.valid() || errno == ENOENT || errno == ENOTDIR) return fd;
  return std::unexpected(system_error("add a Landlock rule for", path));
}

Result<void> add_rule(int ruleset, int type, const void* attributes, const std::string& subject) {
  if (::syscall(SYS_landlock_add_rule, ruleset, type, attributes, 0) == 0) return {};
  return std::unexpected(system_error("add a Landlock rule for", subject));
}

}  // namespace

LandlockRuleset::LandlockRuleset(LandlockRuleset&& other) noexcept
    : fd_(std::exchange(other.fd_, -1)), report_(std::move(other.report_)) {}

LandlockRuleset& LandlockRuleset::operator=(LandlockRuleset&& other) noexcept {
  std::swap(fd_, other.fd_);
  std::swap(report_, other.report_);
  return *this;
}

LandlockRuleset::~LandlockRuleset() { const UniqueFd closed(fd_); }

int LandlockRuleset::restrict_self() const noexcept {
  return linux_os::landlock_restrict(fd_, linux_os::LandlockThreads::Calling);
}

int Landlock::abi() { return linux_os::landlock_abi(); }

Landlock& Landlock::add_read_only(std::string path) {
  paths_.push_back({std::move(path), Grant::Read});
  return *this;
}

Landlock& Landlock::add_read_write(std::string path) {
  paths_.push_back({std::move(path), Grant::Write});
  return *this;
}

Landlock& Landlock::allow_tcp_bind(std::uint16_t port) {
  ports_.push_back({port, kNetBindTcp});
  return *this;
}

Landlock& Landlock::allow_tcp_connect(std::uint16_t port) {
  ports_.push_back({port, kNetConnectTcp});
  return *this;
}

Landlock& Landlock::allow_all_tcp() {
  all_tcp_ = true;
  return *this;
}

Result<LandlockRuleset> Landlock::build(WeakerGuarantees weaker, Signals signals) const {
  const int abi = Landlock::abi();
  if (abi == 0) return std::unexpected(no_landlock());
  const landlock::Coverage coverage{
      .abi = abi, .tcp = !all_tcp_, .signals = signals == Signals::Scoped};
  if (weaker == WeakerGuarantees::Refuse) TRY(landlock::require_what_was_asked(coverage));

  const std::uint64_t handled = linux_os::landlock_file_rights(abi);
  LandlockRulesetAttr attributes{};
  attributes.handled_access_fs = handled;
  if (abi >= 4 && !all_tcp_) attributes.handled_access_net = kNetBindTcp | kNetConnectTcp;
  if (abi >= 6) {
    attributes.scoped = kScopeAbstractUnixSocket;
    if (signals == Signals::Scoped) attributes.scoped |= kScopeSignal;
  }
  UniqueFd ruleset(static_cast<int>(
      ::syscall(SYS_landlock_create_ruleset, &attributes, linux_os::landlock_attr_size(abi), 0)));
  if (!ruleset.valid()) return std::unexpected(system_error("create a Landlock ruleset"));

  LandlockReport report{
      .abi = abi, .guarantees = landlock::guarantees(coverage), .missing_paths = {}, .threads = 0};
  for (const PathGrant& one : paths_) {
    const UniqueFd place = TRY(open_path(one.path));
    if (!place.valid()) {
      report.missing_paths.push_back(one.path);
      continue;
    }
    struct stat status{};
    if (::fstat(place.get(), &status) != 0) {
      return std::unexpected(system_error("add a Landlock rule for", one.path));
    }
    std::uint64_t rights = kRead;
    if (one.grant == Grant::Write) {
      rights = handled & ~(kFsMakeChar | kFsMakeBlock | kFsIoctlDev);
      if (S_ISCHR(status.st_mode) || S_ISBLK(status.st_mode)) rights |= kFsIoctlDev;
    }
    if (!S_ISDIR(status.st_mode)) rights &= kOfFiles;
    const LandlockPathBeneathAttr rule{.allowed_access = rights & handled,
                                       .parent_fd = place.get()};
    TRY(add_rule(ruleset.get(), kLandlockRulePathBeneath, &rule, one.path));
  }
  if (attributes.handled_access_net != 0) {
    for (const PortGrant& one : ports_) {
      const LandlockNetPortAttr rule{.allowed_access = one.rights, .port = one.port};
      TRY(add_rule(ruleset.get(), kLandlockRuleNetPort, &rule, fmt::format("port {}", one.port)));
    }
  }
  return LandlockRuleset(ruleset.release(), std::move(report));
}

Result<LandlockRuleset> Landlock::prepare(WeakerGuarantees weaker) const {
  return build(weaker, Signals::Scoped);
}

}  // namespace cordon
