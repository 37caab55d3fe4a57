#include "native/compile.h"

#include <fmt/format.h>
#include <sched.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <map>
#include <set>

#include "core/try.h"
#include "native/groundwork.h"
#include "native/landlock_rules.h"
#include "native/paths.h"

namespace cordon::native {

namespace {

using linux_os::Operation;
using linux_os::Plan;
using linux_os::PlanStep;

// Read-only says nothing about what is written *to* a device, but it keeps root's guest from
// changing the mode and times of the host's node.
constexpr std::uint64_t kDevice =
    kernel::kMountReadOnly | kernel::kMountNoSuid | kernel::kMountNoExec;

// As many of the caller's processors as the limit has whole cores in it, at least one, beginning
// with the one we are on: sandboxes started on different ones spread.
std::vector<std::uint8_t> processors_for(double cpus) {
  cpu_set_t allowed;
  CPU_ZERO(&allowed);
  if (sched_getaffinity(0, sizeof allowed, &allowed) != 0) return {};
  cpu_set_t chosen;
  CPU_ZERO(&chosen);
  const int wanted = std::max(1, static_cast<int>(cpus));
  const int first = std::max(0, sched_getcpu());
  for (int i = 0; i < CPU_SETSIZE && CPU_COUNT(&chosen) < wanted; ++i) {
    const int processor = (first + i) % CPU_SETSIZE;
    if (CPU_ISSET(processor, &allowed)) CPU_SET(processor, &chosen);
  }
  const auto* bytes = reinterpret_cast<const std::uint8_t*>(&chosen);
  return {bytes, bytes + sizeof chosen};
}

class Compiler {
 public:
  Compiler(const CompileInput& input, const RuleSet& rules) : input_(input), rules_(rules) {}

  Plan compile() {
    plan_.working_directory = rules_.work_dir;
    if (input_.walls == Walls::Full) {
      add_root();
    } else {
      plan_.terminal_multiplexer = "/dev/ptmx";
    }
    add_landlock(plan_, rules_, input_);
    add_resource_limits();
    return std::move(plan_);
  }

 private:
  // On the groundwork, which has made /dev and /proc.
  void add_root() {
    made_ = {"/dev", "/dev/pts", "/proc"};
    steps_.add(Operation::PrivateMounts);
    add_masks();
    for (const Rule& rule : rules_.rules) add_rule(rule);
    for (const auto& [place, target] : rules_.links) add_link(place, target);
    steps_.add(Operation::MountDevpts, "/dev/pts");
    steps_.add(Operation::PivotRoot);
    steps_.add(Operation::SealRoot);
    steps_.add(Operation::Hostname, "", input_.policy->hostname);
  }

  // ---- files ----

  const Rule* parent(const Rule& rule) const {
    return rule.parent >= 0 ? &rules_.rules[static_cast<std::size_t>(rule.parent)] : nullptr;
  }

  // Whether the sandbox's own tmpfs, not a tree of the host, is what lies above this rule.
  bool on_private_ground(const Rule& rule) const {
    const Rule* above = parent(rule);
    return !above || above->grant == Grant::Scratch || (takes_away(*above) && !masked(*above));
  }

  static bool takes_away(const Rule& rule) {
    return rule.grant == Grant::Deny || rule.grant == Grant::Hide;
  }

  // A Deny or Hide rule needs a mask only where something would show without it.
  bool masked(const Rule& rule) const {
    const Rule* above = parent(rule);
    return takes_away(rule) && above &&
           (above->grant == Grant::Read || above->grant == Grant::Write);
  }

  void add_rule(const Rule& rule) {
    switch (rule.grant) {
      case Grant::Read:
      case Grant::Write:
        if (!is_mounted(rules_, rule)) return;
        if (on_private_ground(rule)) make_mount_point(rule.path, rule.directory);
        bind(rule);
        return;
      case Grant::Scratch:
        add_scratch(rule);
        return;
      case Grant::Deny:
      case Grant::Hide:
        if (masked(rule)) cover(rule, mask_of(rule));
        return;
    }
  }

  void bind(const Rule& rule) {
    std::uint64_t attributes = kernel::kMountNoSuid;
    if (rule.grant == Grant::Read) attributes |= kernel::kMountReadOnly;
    if (is_beneath(rule.path, "/dev")) {
      attributes = kDevice;
    } else {
      attributes |= kernel::kMountNoDev;
    }
    PlanStep& step = steps_.add(Operation::Bind, rule.path, rule.path, attributes);
    if (rule.identity) step.identity = *rule.identity;
    step.ground = ground(rule);
  }

  linux_os::Ground ground(const Rule& rule) const {
    if (on_private_ground(rule)) return linux_os::Ground::Private;
    // A part of /etc or /usr that the default policy itself names: the administrator's ground.
    const Rule& above = *parent(rule);
    const bool system = rule.from_default && above.from_default && above.grant == Grant::Read &&
                        !is_beneath(rule.path, rules_.work_dir);
    return system ? linux_os::Ground::Private : linux_os::Ground::Host;
  }

  void add_scratch(const Rule& rule) {
    const std::uint64_t mode = rule.path == "/tmp" || rule.path == "/dev/shm" ? 01777 : 0700;
    const Rule* above = parent(rule);
    if (on_private_ground(rule)) {
      make_directories(rule.path, mode);
      // Below another private directory it is writable already.
      if (!above || above->grant != Grant::Scratch) cover(rule, rule.path);
      return;
    }
    // Below a tree of the host there must be a directory to cover.
    struct stat status{};
    if (takes_away(*above) || stat(rule.path.c_str(), &status) != 0 || !S_ISDIR(status.st_mode)) {
      return;
    }
    const std::string place = fmt::format("{}/{}", mask::kHidden, hidden_places_++);
    make_directories(place, mode);
    cover(rule, place);
  }

  void cover(const Rule& rule, std::string_view source) {
    steps_.add(Operation::Cover, rule.path, source).ground = ground(rule);
  }

  // ---- masks: what stands where something is denied or hidden ----

  // All of them before anything else, so that their area can be sealed once: what is taken from a
  // sealed mount is sealed.
  void add_masks() {
    for (const Rule& rule : rules_.rules) {
      if (!masked(rule)) continue;
      const bool deny = rule.grant == Grant::Deny;
      if (!rule.directory || !rule.has_inner) continue;
      // Something inside is allowed: its name must be reachable, and a mask of its own holds the
      // way.
      const std::string source = fmt::format("{}/{}", mask::kOfRules, own_masks_.size());
      make_directories(source, deny ? 0111 : 0555);
      own_masks_[&rule] = source;
    }
    if (own_masks_.empty()) return;
    for (const Rule& rule : rules_.rules) {
      const Rule* above = parent(rule);
      if (!above || takes_away(rule) || rule.grant == Grant::Scratch) continue;
      const auto mask = own_masks_.find(above);
      if (mask == own_masks_.end()) continue;
      make_mount_point(mask->second + rule.path.substr(above->path.size()), rule.directory);
    }
    steps_.add(Operation::Seal, mask::kOfRules);
  }

  std::string_view mask_of(const Rule& rule) const {
    const bool deny = rule.grant == Grant::Deny;
    if (!rule.directory) return deny ? mask::kDeniedFile : mask::kEmptyFile;
    if (!rule.has_inner) return deny ? mask::kDeniedDirectory : mask::kEmptyDirectory;
    return own_masks_.at(&rule);
  }

  // ---- names in the sandbox's own tmpfs ----

  void make_directories(const std::string& path, std::uint64_t mode) {
    for (std::size_t slash = path.find('/', 1); slash != std::string::npos;
         slash = path.find('/', slash + 1)) {
      make_once(Operation::MakeDirectory, path.substr(0, slash), 0755);
    }
    make_once(Operation::MakeDirectory, path, mode);
  }

  void make_mount_point(const std::string& path, bool directory) {
    if (directory) {
      make_directories(path, 0755);
      return;
    }
    make_directories(std::string(parent_of(path)), 0755);
    make_once(Operation::MakeFile, path, 0444);
  }

  void make_once(Operation operation, const std::string& path, std::uint64_t mode) {
    if (path == "/" || !made_.insert(path).second) return;
    steps_.add(operation, path, "", mode);
  }

  void add_link(const std::string& place, const std::string& target) {
    // Only on private ground; inside a tree of the host the link is there already.
    const Rule* nearest = nullptr;
    for (const Rule& rule : rules_.rules) {
      if (is_beneath(place, rule.path)) nearest = &rule;
    }
    if (nearest && nearest->grant != Grant::Scratch) return;
    if (made_.contains(place)) return;
    make_directories(std::string(parent_of(place)), 0755);
    made_.insert(place);
    steps_.add(Operation::MakeSymlink, place, target);
  }

  // ---- limits that the process itself carries ----

  void add_resource_limits() {
    const Limits& limits = input_.policy->limits;
    // 1, not 0: a core_pattern that is a pipe starts its program on the host even for 0 (core(5)).
    plan_.resource_limits.push_back({RLIMIT_CORE, 1});
    plan_.resource_limits.push_back({RLIMIT_NOFILE, 65536});
    if (limits.disk_bytes) plan_.resource_limits.push_back({RLIMIT_FSIZE, *limits.disk_bytes});
    if (limits.pids && input_.pids_by_rlimit) {
      plan_.resource_limits.push_back({RLIMIT_NPROC, *limits.pids});
    }
    if (limits.cpus && input_.cpus_by_affinity) {
      plan_.processors = processors_for(*limits.cpus);
    }
    if (limits.memory_bytes && input_.walls == Walls::LandlockOnly) {
      plan_.resource_limits.push_back({RLIMIT_DATA, *limits.memory_bytes});
    }
  }

  const CompileInput& input_;
  const RuleSet& rules_;
  Plan plan_;
  linux_os::StepList& steps_ = plan_.steps;
  std::set<std::string> made_;
  std::map<const Rule*, std::string> own_masks_;
  int hidden_places_ = 0;
};

std::string why_no_guard(const CompileInput& input) {
  if (!input.no_guard.empty()) return input.no_guard;
  if (input.walls != Walls::Full)
    return "it needs a PID namespace, so that the command cannot end it";
  if (input.policy->nested_namespaces == NestedNamespaces::Allowed) {
    return "in namespaces of its own the command can mount what is guarded under another name";
  }
  return {};
}

}  // namespace

linux_os::Plan make_plan(const CompileInput& input, const RuleSet& rules) {
  return Compiler(input, rules).compile();
}

Result<Compiled> compile(const CompileInput& input) {
  const RuleSet rules = TRY(resolve_rules(*input.policy, input.work_dir, input.caller));
  Compiled compiled;
  compiled.no_guard = why_no_guard(input);
  if (compiled.no_guard.empty()) {
    compiled.guard = TRY(compile_guard(rules));
  } else {
    TRY(refuse_names(rules, compiled.no_guard));
  }
  compiled.plan = make_plan(input, rules);
  compiled.beyond_landlock = rules_beyond_landlock(rules);
  return compiled;
}

}  // namespace cordon::native
