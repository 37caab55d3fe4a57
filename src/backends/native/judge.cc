#include "native/judge.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <memory>
#include <utility>

#include "core/try.h"
#include "native/candidate.h"
#include "native/judge_network.h"
#include "native/paths.h"
#include "policy/default_policy.h"
#include "policy/glob.h"
#include "policy/unwise.h"

namespace cordon::native {

namespace {

constexpr std::string_view kDefaultOrigin = "the default policy";

bool writes(Attempt attempt) {
  switch (attempt) {
    case Attempt::Write:
    case Attempt::Create:
    case Attempt::Delete:
    case Attempt::Rename:
    case Attempt::Link:
    case Attempt::Change:
    case Attempt::Bind:
      return true;
    default:
      return false;
  }
}

// What changes a directory rather than what is in it.
bool changes_directory(Attempt attempt) {
  return attempt == Attempt::Create || attempt == Attempt::Delete || attempt == Attempt::Rename ||
         attempt == Attempt::Bind;
}

bool exists(const std::string& path) {
  struct stat status{};
  return ::lstat(path.c_str(), &status) == 0;
}

bool caller_may(const std::string& path, int mode) {
  return ::faccessat(AT_FDCWD, path.c_str(), mode, AT_EACCESS) == 0;
}

bool caller_may_change(const std::string& path, uid_t caller) {
  struct stat status{};
  return ::lstat(path.c_str(), &status) == 0 && (caller == 0 || status.st_uid == caller);
}

// Whether the host would have let the caller do it: what it would not is no policy's doing.
bool host_allows(const Observed& attempt, const Caller& caller) {
  const std::string& path = attempt.target;
  switch (attempt.attempt) {
    case Attempt::LookAt:
      return exists(path);
    case Attempt::Execute:
      return caller_may(path, X_OK);
    case Attempt::Read:
    case Attempt::List:
      return caller_may(path, R_OK);
    case Attempt::Write:
    case Attempt::Connect:
    case Attempt::Send:
      return caller_may(path, W_OK);
    case Attempt::Link:
    case Attempt::Change:
      return caller_may_change(path, caller.uid);
    case Attempt::Create:
    case Attempt::Bind:
      return caller_may(exists(path) ? path : std::string(parent_of(path)), W_OK);
    case Attempt::Delete:
    case Attempt::Rename:
      return exists(path) && caller_may(std::string(parent_of(path)), W_OK);
    case Attempt::SystemCall:
      return true;
  }
  return false;
}

// The reason that the default policy states for a path of its own.
std::string default_reason(const Rule& rule, const Caller& caller, std::string_view work_dir) {
  const Surroundings surroundings{caller.homes, work_dir};
  if (is_secret(rule.path, surroundings) || is_beneath(rule.path, work_dir)) {
    return why_unwise(rule.path, Access::Write, surroundings);
  }
  const auto& system = default_policy().system;
  const auto found = std::ranges::find(system, rule.path, &DefaultEntry::path);
  return found == system.end() ? "" : std::string(found->reason);
}

std::optional<Refusal> judge_proc(const Observed& attempt) {
  const bool refused = attempt.error == EACCES || attempt.error == EROFS || attempt.error == EPERM;
  if (!refused) return std::nullopt;
  const DefaultPolicy defaults = default_policy();
  for (const auto entries :
       {defaults.proc_read_only, defaults.proc_hidden, defaults.proc_hidden_directories}) {
    for (const DefaultEntry& entry : entries) {
      if (!is_beneath(attempt.target, entry.path)) continue;
      return Refusal{.what = {},
                     .rule = fmt::format("{} is kept from the command", entry.path),
                     .origin = std::string(kDefaultOrigin),
                     .reason = std::string(entry.reason),
                     .remedy = {}};
    }
  }
  return std::nullopt;
}

}  // namespace

Result<Judge> Judge::make(JudgeInput input) {
  Judge judge;
  judge.input_ = std::make_shared<const JudgeInput>(std::move(input));
  judge.rules_ =
      TRY(resolve_rules(judge.input_->policy, judge.input_->work_dir, judge.input_->caller));
  return judge;
}

std::optional<Refusal> Judge::judge(const Observed& attempt) const {
  if (attempt.attempt == Attempt::SystemCall) return judge_system_call(attempt);
  if (attempt.target.starts_with('/')) return judge_path(attempt);
  return judge_address(attempt, input_->policy.network);
}

bool Judge::shows_substitutes() const {
  return std::ranges::any_of(rules_.rules,
                             [](const Rule& rule) { return rule.grant == Grant::Hide; });
}

std::optional<Refusal> Judge::judge_path(const Observed& attempt) const {
  const std::string& path = attempt.target;
  if (!input_->private_directory.empty() && is_beneath(path, input_->private_directory)) {
    return std::nullopt;
  }
  if (is_beneath(path, "/proc")) return judge_proc(attempt);
  const Rule* rule = nearest(path);
  if (attempt.error != 0) {
    if (auto refusal = judge_names(attempt)) return refusal;
  }
  if (!rule || rule->grant == Grant::Scratch) return judge_invisible(attempt, rule);
  if (takes_away(rule->grant)) return judge_taken(attempt, *rule);
  return attempt.error == 0 ? std::nullopt : judge_granted(attempt, *rule);
}

// Names that a pattern means, and such as do not exist yet.
std::optional<Refusal> Judge::judge_names(const Observed& attempt) const {
  const bool moves = attempt.attempt == Attempt::Rename || attempt.attempt == Attempt::Delete;
  const bool refused = attempt.error == EACCES || attempt.error == EPERM ||
                       attempt.error == EROFS || attempt.error == EBUSY;
  for (const NameRule& names : rules_.name_rules) {
    if (names.access == Access::Protect ? !(refused && writes(attempt.attempt))
                                        : !refused && attempt.error != ENOENT) {
      continue;
    }
    // A secret that is not there: nobody asked for it to be denied, and nothing was.
    if (names.layer == Layer::Default && !refused) continue;
    const auto glob = Glob::parse(names.pattern);
    if (!glob) continue;
    const bool meant = glob->covers(attempt.target) ||
                       (moves && glob->may_match_beneath(attempt.target) && glob->literal());
    if (!meant) continue;
    const Surroundings surroundings{input_->caller.homes, rules_.work_dir};
    Refusal refusal;
    refusal.rule = fmt::format("{} {}", to_string(names.access), names.pattern);
    refusal.origin = names.origin;
    refusal.reason = names.layer == Layer::Default
                         ? why_unwise(attempt.target, Access::Write, surroundings)
                         : "";
    refusal.remedy = {
        .kind = names.layer == Layer::Default ? RemedyKind::None : RemedyKind::TakeBack,
        .access = Access::Write,
        .path = attempt.target,
        .warning = refusal.reason};
    return refusal;
  }
  return std::nullopt;
}

std::optional<Refusal> Judge::judge_invisible(const Observed& attempt, const Rule* stand_in) const {
  if (attempt.error == 0 || !host_allows(attempt, input_->caller)) return std::nullopt;
  // What a private directory itself answers is the command's own affair.
  const bool full = input_->walls == Walls::Full;
  if (stand_in && full && attempt.error != ENOENT && attempt.error != ENOTDIR) return std::nullopt;
  Refusal refusal;
  refusal.rule = stand_in && full
                     ? fmt::format("{} is a private directory of the sandbox", stand_in->path)
                     : "no rule shows this path";
  if (stand_in && full) refusal.origin = stand_in->origin;
  refusal.remedy = allow(attempt, nullptr);
  return refusal;
}

std::optional<Refusal> Judge::judge_taken(const Observed& attempt, const Rule& rule) const {
  if (rule.grant == Grant::Hide) {
    const bool content = attempt.attempt == Attempt::Read || attempt.attempt == Attempt::List;
    if (attempt.error == 0 && !content) return std::nullopt;
    if (attempt.error == ENOENT && !exists(attempt.target)) return std::nullopt;
  } else if (attempt.error == 0) {
    return std::nullopt;
  }
  Refusal refusal = by_rule(rule);
  refusal.remedy = give_way(attempt, rule);
  return refusal;
}

std::optional<Refusal> Judge::judge_granted(const Observed& attempt, const Rule& rule) const {
  const int error = attempt.error;
  const bool not_allowed = error == EACCES || error == EPERM || error == EROFS;
  if (writes(attempt.attempt) && rule.grant == Grant::Read && (not_allowed || error == EBUSY)) {
    if (!host_allows(attempt, input_->caller)) return std::nullopt;
    Refusal refusal = by_rule(rule);
    refusal.remedy = give_way(attempt, rule);
    return refusal;
  }
  // A path that a rule names, or that lies above one, is a mount of its own.
  const bool inner = rule.parent >= 0;
  const bool moved = error == EBUSY && changes_directory(attempt.attempt) &&
                     (rule.path == attempt.target || rule.has_inner);
  if (moved || (error == EXDEV && inner)) {
    Refusal refusal = by_rule(rule);
    refusal.reason = error == EXDEV
                         ? "what a rule names cannot be moved or linked across its border"
                         : "what a rule names stays where it is";
    return refusal;
  }
  if (input_->caller.uid == 0 && (error == EACCES || error == EPERM) &&
      host_allows(attempt, input_->caller)) {
    return Refusal{.what = {},
                   .rule = "the command has no capabilities",
                   .origin = std::string(kDefaultOrigin),
                   .reason =
                       "its permissions leave it to another user, and root in a sandbox is a "
                       "user like any other",
                   .remedy = {}};
  }
  return std::nullopt;
}

std::optional<Refusal> Judge::judge_system_call(const Observed& attempt) const {
  if (attempt.error == 0) return std::nullopt;
  // Each C library asks for clone3 first and then takes clone: nothing was kept from the command.
  if (attempt.target == "clone3" && attempt.error == ENOSYS) return std::nullopt;
  Refusal refusal;
  refusal.origin = kDefaultOrigin;
  if (attempt.target.starts_with("socket ") && input_->walls == Walls::LandlockOnly &&
      input_->policy.network == NetworkMode::None) {
    Observed address = attempt;
    address.target = "ip 192.0.2.1:0";
    address.error = EPERM;
    address.attempt = Attempt::Connect;
    return judge_address(address, NetworkMode::None);
  }
  refusal.rule = attempt.error == ENOSYS
                     ? "the system call filter answers as a kernel without this call"
                     : "the system call filter refuses this call";
  const bool spaces = attempt.target == "unshare" || attempt.target == "clone" ||
                      attempt.target == "mount" || attempt.target == "setns";
  if (spaces && input_->policy.nested_namespaces == NestedNamespaces::Refused) {
    refusal.reason = "process.nested_namespaces is refused";
  }
  return refusal;
}

const Rule* Judge::nearest(std::string_view path) const {
  const Rule* found = nullptr;
  for (const Rule& rule : rules_.rules) {
    if (is_beneath(path, rule.path)) found = &rule;  // parents come first
  }
  return found;
}

Refusal Judge::by_rule(const Rule& rule) const {
  Refusal refusal;
  refusal.rule = fmt::format("{} {}", word(rule.grant), rule.path);
  refusal.origin = rule.origin;
  if (rule.from_default) {
    refusal.reason = default_reason(rule, input_->caller, rules_.work_dir);
  }
  return refusal;
}

Remedy Judge::allow(const Observed& attempt, const Rule* instead) const {
  Remedy remedy{
      .kind = RemedyKind::Rule, .access = Access::Read, .path = attempt.target, .warning = {}};
  if (writes(attempt.attempt)) {
    remedy.access = Access::Write;
    const bool made = attempt.attempt == Attempt::Create || attempt.attempt == Attempt::Bind;
    if (changes_directory(attempt.attempt) && !(made && exists(attempt.target))) {
      remedy.path = parent_of(attempt.target);
    }
  }
  if (remedy.path == "/") return {};
  remedy.warning =
      why_unwise(remedy.path, remedy.access, Surroundings{input_->caller.homes, rules_.work_dir});
  if (remedy.warning.empty() && attempt.target != remedy.path) {
    remedy.warning = why_unwise(attempt.target, remedy.access,
                                Surroundings{input_->caller.homes, rules_.work_dir});
  }
  if (instead && remedy.path == instead->path && layer_of(*instead) == Layer::CommandLine) {
    remedy.warning +=
        fmt::format("{}in place of {}", remedy.warning.empty() ? "" : "; ", instead->origin);
  }
  return remedy;
}

// A rule that somebody stated has the last word over what an earlier layer says; of the same layer,
// and of a project's file, it must go.
Remedy Judge::give_way(const Observed& attempt, const Rule& rule) const {
  const auto layer = layer_of(rule);
  const bool stated = takes_away(rule.grant) || layer == Layer::Project;
  Remedy remedy = allow(attempt, &rule);
  if (stated && layer && (*layer == Layer::CommandLine || *layer == Layer::Project)) {
    remedy.kind = RemedyKind::TakeBack;
  }
  return remedy;
}

std::optional<Layer> Judge::layer_of(const Rule& rule) {
  if (rule.rank <= kWorkDirRank) return std::nullopt;
  return static_cast<Layer>(rule.rank - kWorkDirRank);
}

}  // namespace cordon::native
