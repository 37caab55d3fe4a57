#include "linux/cgroup_v2_site.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <array>
#include <bit>
#include <cerrno>
#include <string_view>
#include <vector>

#include "linux/cgroup_files.h"

namespace cordon::cgroup {

namespace {

constexpr const char* kOwnChild = "supervisor";
constexpr Controllers kWanted = kMemory | kCpu | kPids | kIo;

enum class Members {
  None,
  OnlyThisProcess,
  Others,
};

struct Candidate {
  std::string path;
  UniqueFd directory;
  bool is_root = false;  // of the whole tree, where the rule about processes does not hold
  Members members = Members::None;
  Controllers available = 0;  // cgroup.controllers
  Controllers enabled = 0;    // cgroup.subtree_control
  bool may_enable = false;
  bool must_move = false;  // this process must leave first
  Controllers offer() const { return may_enable ? available : enabled; }
  int worth() const { return std::popcount(offer() & kLimiting); }
};

Members members_of(int directory) {
  const auto procs = read_knob(directory, "cgroup.procs");
  if (!procs) return Members::Others;  // EOPNOTSUPP: it is threaded, of no use here
  if (procs->empty()) return Members::None;
  return *procs == fmt::format("{}\n", ::getpid()) ? Members::OnlyThisProcess : Members::Others;
}

// Whether it was given to this process to do with as it likes. Ownership is the kernel's way of
// saying so, an attribute is systemd's; a namespace's root is the container's own.
bool is_delegated(const Candidate& candidate, const Tree& tree) {
  if (tree.at_namespace_root) return true;
  struct stat status{};
  if (::fstat(candidate.directory.get(), &status) != 0) return false;
  if (const auto user = ::geteuid(); user != 0) return status.st_uid == user;
  std::array<char, 8> value{};
  for (const char* name : {"user.delegate", "trusted.delegate"}) {
    const ssize_t size = ::getxattr(candidate.path.c_str(), name, value.data(), value.size());
    if (size == 1 && value[0] == '1') return true;
  }
  return false;
}

// Absent when groups cannot be made there at all; `obstacles` learns why.
std::optional<Candidate> examine(const Tree& tree, const std::string& below, bool own,
                                 Obstacles& obstacles) {
  Candidate candidate;
  candidate.path = below.empty() ? tree.top : fmt::format("{}/{}", tree.top, below);
  candidate.directory = UniqueFd(::open(candidate.path.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  if (!candidate.directory.valid()) return std::nullopt;
  const int directory = candidate.directory.get();
  int refused = may_access(directory, ".", W_OK | X_OK);
  // Putting a process below it takes the right to write the list of every common ancestor.
  if (refused == 0) refused = may_access(directory, "cgroup.procs", W_OK);
  if (refused != 0) {
    if (obstacles.refusal == 0) obstacles.refusal = refused;
    return std::nullopt;
  }
  candidate.is_root = may_access(directory, "cgroup.type", F_OK) == ENOENT;
  if (!candidate.is_root &&
      !read_knob(directory, "cgroup.type").value_or("").starts_with("domain\n")) {
    return std::nullopt;  // below a threaded one memory cannot be limited
  }
  candidate.available =
      controllers_in(read_knob(directory, "cgroup.controllers").value_or(""), ' ');
  candidate.enabled =
      controllers_in(read_knob(directory, "cgroup.subtree_control").value_or(""), ' ');
  candidate.available &= kWanted;
  candidate.enabled &= kWanted;
  if (may_access(directory, "cgroup.subtree_control", W_OK) != 0) return candidate;
  candidate.members = candidate.is_root ? Members::None : members_of(directory);
  candidate.may_enable = candidate.members == Members::None;
  if (candidate.members == Members::OnlyThisProcess && own && !below.ends_with(kOwnChild) &&
      is_delegated(candidate, tree)) {
    candidate.may_enable = candidate.must_move = true;
  }
  if (!candidate.may_enable && candidate.available != 0 && obstacles.crowded.empty()) {
    obstacles.crowded = candidate.path;
  }
  return candidate;
}

bool move_self(int directory, const std::string& into) {
  return write_knob(directory, into, fmt::format("{}", ::getpid())) == 0;
}

std::string switch_on(Controllers set) {
  std::string text;
  for (const std::string_view name : {"memory", "cpu", "pids", "io"}) {
    if ((set & controller_named(name)) == 0) continue;
    fmt::format_to(std::back_inserter(text), "{}+{}", text.empty() ? "" : " ", name);
  }
  return text;
}

void enable(Candidate& candidate) {
  const Controllers missing = candidate.available & ~candidate.enabled;
  if (!candidate.may_enable || missing == 0) return;
  const int directory = candidate.directory.get();
  const auto procs = fmt::format("{}/cgroup.procs", kOwnChild);
  if (candidate.must_move) {
    if (::mkdirat(directory, kOwnChild, 0755) != 0 && errno != EEXIST) return;
    if (!move_self(directory, procs)) return;
  }
  if (write_knob(directory, "cgroup.subtree_control", switch_on(missing)) != 0) {
    // All or nothing is the kernel's answer to a list; one that is refused (cpu is, while a
    // real-time process runs) must not take the others with it.
    for (const Controllers one : {kMemory, kCpu, kPids, kIo}) {
      if (missing & one) write_knob(directory, "cgroup.subtree_control", switch_on(one));
    }
  }
  candidate.enabled =
      controllers_in(read_knob(directory, "cgroup.subtree_control").value_or(""), ' ') & kWanted;
  if (candidate.must_move && candidate.enabled == 0) {
    move_self(directory, "cgroup.procs");
    ::unlinkat(directory, kOwnChild, AT_REMOVEDIR);
  }
}

}  // namespace

std::optional<Site> choose_site(const Tree& tree, Obstacles& obstacles) {
  obstacles.hidden = tree.hidden;
  std::vector<Candidate> candidates;
  for (const std::string& below : tree.ancestry) {
    const bool own = &below == &tree.ancestry.front();
    if (own) obstacles.own = below.empty() ? tree.top : fmt::format("{}/{}", tree.top, below);
    if (auto candidate = examine(tree, below, own, obstacles)) {
      candidates.push_back(std::move(*candidate));
      if (candidates.back().worth() == std::popcount(kLimiting)) break;
    }
  }
  // Nearest first among equals: the sandbox then stays below every limit that binds its caller.
  for (int worth = std::popcount(kLimiting); worth > 0; --worth) {
    for (Candidate& candidate : candidates) {
      if (candidate.worth() != worth) continue;
      enable(candidate);
      if ((candidate.enabled & kLimiting) == 0) {
        obstacles.crowded = candidate.path;
        continue;
      }
      obstacles.site = candidate.path;
      obstacles.site_is_top = candidate.is_root;
      return Site{std::move(candidate.path), std::move(candidate.directory), candidate.enabled};
    }
  }
  return std::nullopt;
}

}  // namespace cordon::cgroup
