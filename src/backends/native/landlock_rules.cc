#include "native/landlock_rules.h"

#include <unistd.h>

#include "linux/landlock.h"
#include "policy/default_policy.h"

namespace cordon::native {

namespace {

using namespace kernel;

constexpr std::uint64_t kRead = kFsExecute | kFsReadFile | kFsReadDir;
constexpr std::uint64_t kFileRights =
    kFsExecute | kFsWriteFile | kFsReadFile | kFsTruncate | kFsIoctlDev;

class Writer {
 public:
  Writer(linux_os::Plan& plan, const CompileInput& input)
      : plan_(plan), handled_(linux_os::landlock_file_rights(input.landlock_abi)) {
    plan_.landlock.handled_access_fs = handled_;
  }

  std::uint64_t read() const { return kRead; }
  // Everything but device nodes, which a guest has no business making.
  std::uint64_t write() const { return handled_ & ~(kFsMakeChar | kFsMakeBlock | kFsIoctlDev); }
  std::uint64_t device() const {
    return handled_ & (kFsReadFile | kFsWriteFile | kFsTruncate | kFsIoctlDev);
  }

  void allow(std::string_view path, std::uint64_t rights, bool directory) {
    rights &= handled_ & (directory ? ~0ULL : kFileRights);
    plan_.landlock_rules.push_back({plan_.steps.keep(path), rights});
  }

 private:
  linux_os::Plan& plan_;
  std::uint64_t handled_;
};

void add_host_places(Writer& writer, const CompileInput& input) {
  // The host's own tree is still there: only what every program needs of /dev and /proc.
  for (const DefaultEntry& entry : default_policy().devices) {
    if (access(std::string(entry.path).c_str(), F_OK) == 0) {
      writer.allow(entry.path, writer.device(), false);
    }
  }
  // Not /dev/pts: the user's other terminals are there. A terminal given with the streams is open
  // already. Writing to files of /proc that belong to the caller is how a process names its
  // threads; the kernel's own checks keep the rest, except from root, who owns the host's settings
  // there.
  writer.allow("/proc", writer.read() | (input.caller.uid == 0 ? 0 : kFsWriteFile | kFsTruncate),
               true);
  writer.allow(input.private_directory, writer.write(), true);
}

}  // namespace

void add_landlock(linux_os::Plan& plan, const RuleSet& rules, const CompileInput& input) {
  const int abi = input.landlock_abi;
  const bool alone = input.walls == Walls::LandlockOnly;
  // ABI 1 forbids every rename and link between directories; where the mount namespace is the wall,
  // that price is too high.
  if (abi < 1 || (abi < 2 && !alone)) return;
  Writer writer(plan, input);
  plan.landlock_size = linux_os::landlock_attr_size(abi);
  if (abi >= 4) {
    // Where a network namespace holds the network, TCP inside it is the sandbox's own loopback.
    if (alone && input.policy->network == NetworkMode::None) {
      plan.landlock.handled_access_net = kNetBindTcp | kNetConnectTcp;
    }
  }
  if (abi >= 6) {
    plan.landlock.scoped = kScopeAbstractUnixSocket | kScopeSignal;
  }
  for (const Rule& rule : rules.rules) {
    const Rule* parent =
        rule.parent >= 0 ? &rules.rules[static_cast<std::size_t>(rule.parent)] : nullptr;
    const bool granted_above =
        parent && (parent->grant == Grant::Write || parent->grant == Grant::Scratch ||
                   parent->grant == rule.grant);
    switch (rule.grant) {
      case Grant::Read:
      case Grant::Write: {
        if (granted_above && parent->grant != Grant::Scratch) break;
        std::uint64_t rights = rule.grant == Grant::Read ? writer.read() : writer.write();
        // A rule about a device means using it.
        if (rule.path.starts_with("/dev/")) rights |= kFsIoctlDev;
        writer.allow(rule.path, rights, rule.directory);
        break;
      }
      case Grant::Scratch:
        if (!alone && !granted_above) writer.allow(rule.path, writer.write(), true);
        break;
      case Grant::Deny:
      case Grant::Hide:
        break;
    }
  }
  if (alone) {
    add_host_places(writer, input);
  } else {
    writer.allow("/", kFsReadDir, true);
    writer.allow("/proc", writer.read() | kFsWriteFile | kFsTruncate, true);
    writer.allow("/dev", writer.device() | kFsReadDir, true);
  }
}

std::vector<std::string> rules_beyond_landlock(const RuleSet& rules) {
  std::vector<std::string> paths;
  for (const Rule& rule : rules.rules) {
    if (rule.parent < 0) continue;
    const Grant above = rules.rules[static_cast<std::size_t>(rule.parent)].grant;
    const bool taken = rule.grant == Grant::Deny || rule.grant == Grant::Hide ||
                       (rule.grant == Grant::Read && above == Grant::Write);
    if (taken && (above == Grant::Read || above == Grant::Write)) paths.push_back(rule.path);
  }
  return paths;
}

}  // namespace cordon::native
