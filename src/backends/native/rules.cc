#include "native/rules.h"

#include <dirent.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <limits.h>
#include <unistd.h>

#include <algorithm>
#include <iterator>
#include <memory>
#include <set>

#include "core/try.h"
#include "core/unique_fd.h"
#include "native/candidate.h"
#include "native/expand_rule.h"
#include "native/git_file.h"
#include "native/paths.h"
#include "native/work_dir.h"
#include "policy/default_policy.h"
#include "policy/glob.h"

namespace cordon::native {

namespace {

// More than the default policy adds on an ordinary host; only a guess at the room needed.
constexpr std::size_t kMostDefaults = 64;
constexpr std::string_view kDefaultOrigin = "the default policy";

class Collector {
 public:
  Collector(const Policy& policy, const Caller& caller) : policy_(policy), caller_(caller) {}

  Result<RuleSet> collect(const std::string& work_dir) {
    candidates_.reserve(policy_.filesystem.size() + kMostDefaults);
    TRY(add_work_dir(work_dir));
    for (const PathRule& rule : policy_.filesystem) TRY(add_user_rule(rule));
    TRY(check_rules_for_work_dir());
    TRY(pin_the_way_to_rules());
    add_defaults();
    set_.rules = TRY(settle(std::move(candidates_), given_));
    TRY(identify_mounts());
    keep_what_names_can_meet(set_);
    return std::move(set_);
  }

 private:
  Result<void> identify_mounts() {
    for (Rule& rule : set_.rules) {
      if (rule.identity || !is_mounted(set_, rule)) continue;
      const auto location = locator_.identify(rule.path);
      if (!location || location->path != rule.path || location->directory != rule.directory) {
        return std::unexpected(invalid_argument(std::string(rule.origin), rule.path,
                                                "it was replaced while the rules were read"));
      }
      rule.identity = location->identity;
    }
    return {};
  }

  Result<void> add_work_dir(const std::string& work_dir) {
    if (!work_dir.starts_with('/')) {
      return std::unexpected(
          invalid_argument("use the work directory", work_dir, "it must be an absolute path"));
    }
    auto location = locate(work_dir);
    if (!location) {
      Error error = invalid_argument("use the work directory", work_dir, "");
      error.sys_errno = location.error().sys_errno;
      return std::unexpected(std::move(error));
    }
    if (!location->directory) {
      return std::unexpected(
          invalid_argument("use the work directory", work_dir, "it is not a directory"));
    }
    // Before any rule is looked at: one about "." would take the blame.
    TRY(check_place_of_work_dir(location->path));
    set_.work_dir = location->path;
    remember_links(work_dir, location->path);
    add(kWorkDirRank, Grant::Write, *std::move(location), "work directory");
    return {};
  }

  Result<void> check_rules_for_work_dir() const {
    const std::string& path = set_.work_dir;
    const auto refuse = [&](std::string detail) {
      return std::unexpected(invalid_argument("use the work directory", path, std::move(detail)));
    };
    for (const Candidate& candidate : candidates_) {
      if (takes_away(candidate.rule.grant) && is_beneath(path, candidate.rule.path)) {
        return refuse(fmt::format("{} {} says {}", candidate.rule.origin, candidate.rule.path,
                                  word(candidate.rule.grant)));
      }
    }
    for (const std::string& home : caller_.homes) {
      for (const DefaultEntry& entry : default_policy().secrets) {
        if (is_beneath(path, beneath_home(home, entry.path))) {
          return refuse(fmt::format("{} holds {}", entry.path, entry.reason));
        }
      }
    }
    return {};
  }

  Result<void> add_user_rule(const PathRule& rule) {
    // Most rules mean the one path that they name.
    if (is_normal(rule.path) && Glob::is_plain(rule.path) && !rule.path.contains('\0')) {
      return add_user_path(rule, rule.path);
    }
    const ExpandedRule expanded = TRY(expand_rule(rule, set_.work_dir));
    set_.name_rules.insert(set_.name_rules.end(), expanded.names.begin(), expanded.names.end());
    for (const std::string& path : expanded.paths) TRY(add_user_path(rule, path));
    return {};
  }

  Result<void> add_user_path(const PathRule& rule, const std::string& path) {
    const auto refuse = [&](std::string detail) { return refuse_rule(rule, std::move(detail)); };
    const Grant grant = to_grant(rule.access);
    if (path == "/") {
      if (rule.access == Access::Read) return expand_root(rule);
      return refuse(takes_away(grant) ? "nothing would be left; name what it is about"
                                      : "the root itself can only be read; name the directories");
    }
    if (is_beneath(path, "/proc")) return refuse("the sandbox has a /proc of its own");
    auto location = locator_.locate(path);
    if (!location) {
      const int number = location.error().sys_errno;
      if (number == ENOENT || number == ENOTDIR) return add_missing(rule, path);
      Error error = invalid_argument(rule.origin, rule.path, "");
      error.sys_errno = number;
      return std::unexpected(std::move(error));
    }
    if (is_beneath(location->path, "/proc")) return refuse("the sandbox has a /proc of its own");
    if (location->path == "/dev")
      return refuse("the sandbox has a /dev of its own; name the device");
    // Whoever ran here before may have left the link to open another place with the next run's
    // rules.
    if (is_beneath(path, set_.work_dir) && !is_beneath(location->path, set_.work_dir)) {
      return refuse(fmt::format("it leads out of the work directory, to {}; name that path itself",
                                location->path));
    }
    if (!takes_away(grant)) remember_links(path, location->path);
    if (rule.access == Access::Protect && location->path != path) {
      // The link is what others find: it stays as it is.
      for (NameRule& names : name_rules(rule, path)) set_.name_rules.push_back(std::move(names));
    }
    add(rank_of(rule.layer), grant, *std::move(location), rule.origin);
    candidates_.back().protects = rule.access == Access::Protect;
    candidates_.back().visible = rule.access != Access::Protect;
    return {};
  }

  Result<void> add_missing(const PathRule& rule, const std::string& path) {
    if (rule.presence == Presence::Optional) return {};
    if (rule.access == Access::Read || rule.access == Access::Write) {
      return refuse_rule(rule, "it does not exist");
    }
    for (NameRule& names : name_rules(rule, path)) set_.name_rules.push_back(std::move(names));
    return {};
  }

  // "Read everything": every directory of the root but those that the sandbox has of its own.
  Result<void> expand_root(const PathRule& rule) {
    const std::unique_ptr<DIR, int (*)(DIR*)> directory(opendir("/"), closedir);
    if (!directory) return std::unexpected(system_error("list", "/"));
    while (const dirent* entry = readdir(directory.get())) {
      const std::string_view name = entry->d_name;
      if (name == "." || name == ".." || name == "proc" || name == "sys" || name == "dev" ||
          name == "tmp" || name == "run") {
        continue;
      }
      const std::string path = "/" + std::string(name);
      auto location = locate(path);
      if (!location) continue;  // a dangling link
      remember_links(path, location->path);
      add(rank_of(rule.layer), Grant::Read, *std::move(location), rule.origin);
      candidates_.back().implied = true;
    }
    return {};
  }

  void add_default(Grant grant, const std::string& path) {
    // /usr, /etc/shadow: only deeper paths can have a link on the way.
    const bool shallow = std::ranges::count(path, '/') <= 2;
    auto location = shallow ? locate_direct(path) : locate(path);
    if (!location) return;
    if (!takes_away(grant)) remember_links(path, location->path);
    add(kDefaultRank, grant, *std::move(location), kDefaultOrigin);
  }

  // Programs of the host make and replace such files at any time.
  void add_secret(const std::string& path) {
    const std::size_t before = candidates_.size();
    add_default(Grant::Deny, path);
    if (candidates_.size() > before) return;
    for (NameRule& names : name_rules({Access::Deny, path, ""}, path)) {
      names.origin = kDefaultOrigin;
      names.layer = Layer::Default;
      set_.name_rules.push_back(std::move(names));
    }
  }

  // On most hosts /bin and its like are links into /usr, which is there already.
  void add_system(const std::string& path) {
    char text[PATH_MAX];
    const ssize_t size = readlink(path.c_str(), text, sizeof text);
    if (size <= 0 || size == static_cast<ssize_t>(sizeof text))
      return add_default(Grant::Read, path);
    std::string target(text, static_cast<std::size_t>(size));
    const bool covered = is_beneath(normalize(target, parent_of(path)), "/usr");
    if (!covered) return add_default(Grant::Read, path);
    set_.links.emplace_back(path, std::move(target));
  }

  void add_defaults() {
    const DefaultPolicy defaults = default_policy();
    for (const DefaultEntry& entry : defaults.system) add_system(std::string(entry.path));
    for (const DefaultEntry& entry : defaults.denied) {
      // What the caller cannot read the sandbox cannot either: no mount needed.
      if (caller_.uid == 0 || access(entry.path.data(), R_OK) == 0) {
        add_default(Grant::Deny, std::string(entry.path));
      }
    }
    if (policy_.network == NetworkMode::Open) {
      // Often a link into /run, where nothing else is visible.
      add_default(Grant::Read, "/etc/resolv.conf");
    }
    for (const std::string& home : caller_.homes) {
      for (const DefaultEntry& entry : defaults.secrets) {
        const std::string secret = beneath_home(home, entry.path);
        if (covered_by_user(secret)) add_secret(secret);
      }
    }
    if (!covered_by_user(caller_.home())) add_scratch(caller_.home());
    if (!covered_by_user("/tmp")) add_scratch("/tmp");
    add_scratch("/dev/shm");
    add_linked_worktree();
    keep(protected_in_work_dir(set_.work_dir));
    mount_protected_names();
    protect_own_policies();
  }

  // A linked worktree is no repository without the one that it belongs to.
  void add_linked_worktree() {
    const auto linked = linked_worktree(set_.work_dir);
    if (!linked) return;
    auto location = locate_direct(linked->common_directory);
    if (!location || !location->directory) return;
    add(kDefaultRank, Grant::Write, *std::move(location), "linked worktree");
    keep(protected_in_git_directory(linked->common_directory));
  }

  void keep(ProtectedNames found) {
    ProtectedNames& all = set_.protected_names;
    all.through_links = all.through_links || found.through_links;
    std::ranges::move(found.names, std::back_inserter(all.names));
  }

  // No symbolic link is followed here: the directory's content is a guest's, and a link that it put
  // (or swaps) where a protected name is expected must not draw another directory into the sandbox.
  void mount_protected_names() {
    std::string base;
    UniqueFd directory;
    for (const ProtectedName& name : set_.protected_names.names) {
      if (base != name.base || !directory.valid()) {
        base = name.base;
        directory = UniqueFd(open(base.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
      }
      auto location = locate_beneath(directory.get(), base, name.name.c_str());
      if (!location) continue;
      const std::string place = location->path;
      add(kDefaultRank, Grant::Read, *std::move(location), kDefaultOrigin);
      // If one of them is gone by now, the launch finds the protected path gone too, and fails.
      (void)pin_the_way(directory.get(), base, place);
    }
  }

  // A guest that could write it would choose the policy of the next run.
  void protect_own_policies() {
    for (const std::string& path : caller_.policy_directories) {
      set_.protected_names.names.push_back(
          {std::string(parent_of(path)), path.substr(path.rfind('/') + 1)});
      auto location = locate(path);
      if (!location) continue;
      add(kDefaultRank, Grant::Read, *std::move(location), kDefaultOrigin);
      candidates_.back().protects = true;
      candidates_.back().visible = false;
    }
  }

  // The directories between a writable tree's root and a rule inside it become mount points:
  // renaming one of them away and making a new one would otherwise get around the rule.
  Result<void> pin_the_way(int root_fd, const std::string& root, const std::string& place) {
    if (parent_of(place) == last_pinned_) return {};
    last_pinned_ = parent_of(place);
    for (std::string_view above = last_pinned_; above.size() > root.size();
         above = parent_of(above)) {
      if (!pinned_.insert(std::string(above)).second) break;  // and so is all above it
      const std::string name(above.substr(root.size() + 1));
      add(kDefaultRank, Grant::Write, TRY(locate_beneath(root_fd, root, name.c_str())),
          kDefaultOrigin);
      candidates_.back().rule.anchor = true;
    }
    return {};
  }

  Result<void> pin_the_way_to_rules() {
    given_ = in_tree_order(candidates_);
    std::string root;  // the outermost writable tree that we are in
    UniqueFd root_fd;
    for (const std::size_t index : given_) {
      const Rule& rule = candidates_[index].rule;
      if (root.empty() || !is_beneath(rule.path, root)) {
        root.clear();
        if (rule.grant == Grant::Write && rule.directory) {
          root = rule.path;
          root_fd.reset();
        }
        continue;
      }
      if (rule.path.size() == root.size() || parent_of(rule.path) == last_pinned_) continue;
      if (!root_fd.valid()) {
        root_fd = UniqueFd(open(root.c_str(), O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
      }
      const std::string place = rule.path;  // candidates_ grows below
      TRY(pin_the_way(root_fd.get(), root, place));
    }
    return {};
  }

  static std::string beneath_home(const std::string& home, std::string_view path) {
    return home + std::string(path.substr(1));  // "~/x"
  }

  // Whether the policy shows the path. Valid once given_ is there.
  bool covered_by_user(std::string_view path) const {
    for (std::string_view place = path;; place = parent_of(place)) {
      const auto [first, last] = std::ranges::equal_range(
          given_, place, tree_order,
          [&](std::size_t index) -> std::string_view { return candidates_[index].rule.path; });
      const bool shown = std::any_of(first, last, [&](std::size_t index) {
        return candidates_[index].visible && !takes_away(candidates_[index].rule.grant);
      });
      if (shown) return true;
      if (place == "/") return false;
    }
  }

  void add_scratch(const std::string& path) {
    Candidate candidate;
    candidate.rule.grant = Grant::Scratch;
    candidate.rule.path = path;
    candidate.rule.origin = kDefaultOrigin;
    candidate.rule.from_default = true;
    candidates_.push_back(std::move(candidate));
  }

  void add(Rank rank, Grant grant, Location location, std::string_view origin) {
    Candidate candidate;
    candidate.rank = rank;
    candidate.rule.grant = grant;
    candidate.rule.path = std::move(location.path);
    candidate.rule.origin = origin;
    candidate.rule.from_default = rank == kDefaultRank;
    candidate.rule.directory = location.directory;
    candidate.rule.identity = location.identity;
    candidates_.push_back(std::move(candidate));
  }

  void remember_links(const std::string& spelled, const std::string& real) {
    if (spelled == real) return;
    for (auto& link : links_on_the_way(spelled)) set_.links.push_back(std::move(link));
  }

  const Policy& policy_;
  const Caller& caller_;
  Locator locator_;
  RuleSet set_;
  std::set<std::string> pinned_;
  std::string last_pinned_;  // one of them: rules of one directory follow each other
  std::vector<Candidate> candidates_;
  std::vector<std::size_t> given_;  // those of work directory and policy, see in_tree_order()
};

}  // namespace

Result<RuleSet> resolve_rules(const Policy& policy, const std::string& work_dir,
                              const Caller& caller) {
  return Collector(policy, caller).collect(work_dir);
}

}  // namespace cordon::native
