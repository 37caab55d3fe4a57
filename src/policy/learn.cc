#include "policy/learn.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <sys/stat.h>

#include <algorithm>
#include <set>
#include <utility>

#include "core/utf8.h"
#include "policy/default_policy.h"
#include "policy/glob.h"
#include "policy/path_groups.h"
#include "policy/toml_text.h"

namespace cordon {

namespace {

// What a rule for the root does not show.
constexpr std::string_view kNotOfTheRoot[] = {"/proc", "/sys", "/dev", "/tmp", "/run"};

bool is_directory(const std::string& path) {
  struct stat status{};
  return ::stat(path.c_str(), &status) == 0 && S_ISDIR(status.st_mode);
}

bool exists(const std::string& path) {
  struct stat status{};
  return ::lstat(path.c_str(), &status) == 0;
}

std::string name_of(const Observed& used) {
  return used.program.empty() ? "the command" : used.program.substr(used.program.rfind('/') + 1);
}

bool makes_or_removes(Attempt attempt) {
  return attempt == Attempt::Create || attempt == Attempt::Delete || attempt == Attempt::Rename ||
         attempt == Attempt::Bind;
}

class Learner {
 public:
  explicit Learner(const LearnInput& input)
      : input_(input), stated_(*input.stated), work_dir_(input.surroundings.work_dir) {}

  Learned learn() {
    for (const Observed& used : input_.observation->used) {
      if (used.attempt == Attempt::Create) made_.insert(used.target);
    }
    for (const Observed& used : input_.observation->used) take_used(used);
    for (const Refusal& refusal : input_.observation->refused) take_refused(refusal);
    keep_what_else_was_stated();
    write_rules();
    return std::move(learned_);
  }

 private:
  // ---- what was used ----

  void take_used(const Observed& used) {
    if (used.attempt == Attempt::SystemCall) {
      namespaces_used_ = true;
      return;
    }
    if (!used.target.starts_with('/')) return take_address(used);
    if (is_write(used.attempt)) return need_write(used);
    const bool only_looked = used.attempt == Attempt::LookAt;
    // What lies on the way to a rule is there; a whole tree is too much for a look at its name.
    if (only_looked && is_directory(used.target)) return;
    need_read(used, used.target);
    if (!used.spelled.empty() && used.spelled != used.target && !lies_in(used.spelled, work_dir_)) {
      need_read(used, used.spelled);
    }
  }

  static bool is_write(Attempt attempt) {
    return makes_or_removes(attempt) || attempt == Attempt::Write || attempt == Attempt::Change ||
           attempt == Attempt::Link;
  }

  void take_address(const Observed& used) {
    const bool internet = !used.target.starts_with("unix ");
    const bool own = used.target.find(" 127.") != std::string::npos ||
                     used.target.find(" [::1]") != std::string::npos;
    if (internet && !own && used.attempt != Attempt::Bind) network_used_by_.insert(name_of(used));
  }

  // By the default policy or a preset, whatever else is stated.
  bool shown_anyway(const std::string& path) const {
    const auto beneath = [&](const auto& place) { return lies_in(path, place); };
    return beneath(work_dir_) ||
           std::ranges::any_of(default_policy().system, beneath, &DefaultEntry::path);
  }

  void need_read(const Observed& used, const std::string& path) {
    const std::string secret = why_secret(path, input_.surroundings);
    if (lies_in(path, work_dir_) && !secret.empty() && used.attempt == Attempt::Read) {
      note(learned_.flagged, used, path, secret);
    }
    if (shown_anyway(path) || !stated_place(path)) return;
    // The run made it, and took it away again.
    if (!exists(path)) return;
    if (!secret.empty()) return leave_out(used, path, secret);
    if (is_directory(path) && is_too_wide(path, input_.surroundings)) {
      return leave_out(used, path, "a rule for it would show far more than was used");
    }
    reads_.add(path, name_of(used));
  }

  void need_write(const Observed& used) {
    std::string place = used.target;
    if (makes_or_removes(used.attempt)) place = directory_of(place);
    // What the run made itself it can make again, in a directory that was there.
    while (made_.contains(place)) place = directory_of(place);
    if (lies_in(place, work_dir_)) {
      work_dir_writes_.add(place, name_of(used));
      return;
    }
    if (!stated_place(place)) return;  // into a private directory: nothing of it is kept
    if (is_directory(place) && is_too_wide(place, input_.surroundings)) {
      return leave_out(used, place, "a rule for it would open far more than was used");
    }
    const std::string unwise = why_unwise(place, Access::Write, input_.surroundings);
    if (!unwise.empty()) return leave_out(used, place, unwise);
    writes_.add(place, name_of(used));
  }

  // A rule of the caller's shows it.
  bool stated_place(const std::string& path) const {
    const bool in_root = std::ranges::none_of(
        kNotOfTheRoot, [&](std::string_view place) { return lies_in(path, place); });
    return std::ranges::any_of(stated_.policy.filesystem, [&](const PathRule& rule) {
      if (rule.access != Access::Read && rule.access != Access::Write) return false;
      const std::string place = place_of(rule.path);
      return lies_in(path, place) && (place != "/" || in_root);
    });
  }

  // Of a pattern: what precedes its first wildcard.
  std::string place_of(const std::string& rule) const {
    std::string place = rule.substr(0, rule.find_first_of("*?["));
    if (place.size() != rule.size()) place.resize(place.rfind('/') == 0 ? 1 : place.rfind('/'));
    if (place.starts_with('~') && !input_.surroundings.homes.empty()) {
      place.replace(0, 1, input_.surroundings.homes.front());
    } else if (!place.starts_with('/')) {
      place = work_dir_;
    }
    while (place.size() > 1 && place.ends_with('/')) place.pop_back();
    return place;
  }

  // ---- what was refused ----

  void take_refused(const Refusal& refusal) {
    const Observed& what = refusal.what;
    const Remedy& remedy = refusal.remedy;
    if (remedy.kind == RemedyKind::OpenNetwork) {
      return leave_out(what, what.target, "the network stays closed unless --net open is given");
    }
    if (remedy.kind != RemedyKind::Rule) return leave_out(what, what.target, refusal.rule);
    if (const auto secret = why_secret(what.target, input_.surroundings); !secret.empty()) {
      return leave_out(what, what.target, secret);
    }
    if (!remedy.warning.empty()) return leave_out(what, what.target, remedy.warning);
    for (const std::string& home : input_.surroundings.homes) {
      if (remedy.access == Access::Write && lies_in(remedy.path, home)) {
        return leave_out(what, what.target,
                         "a run has a private home directory, writable, and empty at its start; "
                         "state a rule if it is to keep this");
      }
    }
    if (remedy.access == Access::Write) {
      writes_.add(remedy.path, name_of(what));
    } else if (!is_directory(remedy.path) || what.attempt != Attempt::LookAt) {
      if (is_directory(remedy.path) && is_too_wide(remedy.path, input_.surroundings)) {
        return leave_out(what, remedy.path, "a rule for it would show far more than was used");
      }
      reads_.add(remedy.path, name_of(what));
    }
  }

  void leave_out(const Observed& what, const std::string& target, std::string_view why) {
    withheld_.insert(target);
    note(learned_.left_out, what, target, why);
  }

  void note(std::vector<std::string>& list, const Observed& what, std::string_view target,
            std::string_view why) {
    std::string line =
        fmt::format("{} {} ({}): {}", to_string(what.attempt), target, name_of(what), why);
    if (said_.insert(line).second) list.push_back(std::move(line));
  }

  // ---- the policy ----

  void keep_what_else_was_stated() {
    Policy& policy = learned_.policy;
    const Policy& stated = stated_.policy;
    policy.environment = stated.environment;
    if (namespaces_used_) policy.nested_namespaces = stated.nested_namespaces;
    policy.hostname = stated.hostname;
    policy.uid = stated.uid;
    policy.required_guarantees = stated.required_guarantees;
    policy.limits = stated.limits;
    // What nobody stated is this host's.
    const auto is_default = [&](std::string_view key) {
      const auto origin =
          std::ranges::find(stated_.origins, key, [](const auto& entry) { return entry.first; });
      return origin == stated_.origins.end() || origin->second == "default";
    };
    if (is_default("limits.memory")) policy.limits.memory_bytes.reset();
    if (is_default("limits.cpus")) policy.limits.cpus.reset();
    if (is_default("limits.pids")) policy.limits.pids.reset();
    if (is_default("limits.disk")) policy.limits.disk_bytes.reset();
    if (is_default("limits.output")) policy.limits.output_bytes.reset();
    if (is_default("limits.timeout")) policy.limits.timeout.reset();
    const bool open = stated.network == NetworkMode::Open && !network_used_by_.empty();
    policy.network = open ? NetworkMode::Open : NetworkMode::None;
    for (const PathRule& rule : stated.filesystem) {
      const bool takes_away = rule.access == Access::Protect || rule.access == Access::Deny ||
                              rule.access == Access::Hide;
      if (takes_away) policy.filesystem.push_back(rule);
    }
  }

  void write_rules() {
    const Surroundings& around = input_.surroundings;
    const auto readable = [&](const std::string& directory) {
      return !is_too_wide(directory, around) && !is_secret(directory, around) &&
             !holds_withheld(directory);
    };
    const auto writable = [&](const std::string& directory) {
      return readable(directory) && why_unwise(directory, Access::Write, around).empty();
    };
    const auto in_work_dir = [&](const std::string& directory) {
      return directory != work_dir_ && lies_in(directory, work_dir_) && writable(directory);
    };
    const auto inside = work_dir_writes_.grouped(in_work_dir);
    learned_.preset = inside.contains(work_dir_) ? "workspace" : "strict";
    const auto writes = writes_.grouped(writable);
    for (const auto& [path, who] : reads_.grouped(readable)) {
      const bool written = std::ranges::any_of(
          writes, [&](const auto& write) { return lies_in(path, write.first); });
      if (!written) add_rule(Access::Read, path, who);
    }
    if (learned_.preset == "strict") {
      for (const auto& [path, who] : inside) {
        add_rule(Access::Write, path.substr(work_dir_.size() + 1), who);
      }
    }
    for (const auto& [path, who] : writes) add_rule(Access::Write, path, who);
  }

  // A rule for it would give what was left out.
  bool holds_withheld(const std::string& directory) const {
    return std::ranges::any_of(withheld_,
                               [&](const auto& path) { return lies_in(path, directory); });
  }

  void add_rule(Access access, const std::string& path, const std::set<std::string>& who) {
    constexpr std::size_t kMostNames = 3;
    std::vector<std::string> names(who.begin(), who.end());
    const std::size_t more = names.size() > kMostNames ? names.size() - kMostNames : 0;
    names.resize(names.size() - more);
    PathRule rule;
    rule.access = access;
    rule.path = Glob::escape(path);
    rule.origin =
        fmt::format("{}{}", fmt::join(names, ", "), more ? fmt::format(" and {} more", more) : "");
    rule.layer = Layer::File;
    learned_.policy.filesystem.push_back(std::move(rule));
  }

  const LearnInput& input_;
  const EffectivePolicy& stated_;
  const std::string work_dir_;
  std::set<std::string> made_;
  std::set<std::string> network_used_by_;
  std::set<std::string> said_;
  std::set<std::string> withheld_;
  PathGroups reads_;
  PathGroups writes_;
  PathGroups work_dir_writes_;
  bool namespaces_used_ = false;
  Learned learned_;
};

// What a file or a program is called must not end a comment.
std::string comment(std::string_view text) {
  std::string line = "# ";
  for (const char c : replace_invalid_utf8(text)) {
    line += static_cast<unsigned char>(c) < 0x20 || c == 0x7f ? '?' : c;
  }
  return line + "\n";
}

}  // namespace

Learned learn(const LearnInput& input) { return Learner(input).learn(); }

std::string learned_toml(const Learned& learned) {
  std::string text =
      "# Written by cordon learn: the least that one observed run needed. Read it before you use "
      "it.\n"
      "# Who needed a rule stands beside it.\n";
  if (!learned.left_out.empty()) {
    text += "#\n# Tried, and left out:\n";
    for (const std::string& line : learned.left_out) text += comment("  " + line);
  }
  if (!learned.flagged.empty()) {
    text +=
        "#\n# Read in the work directory, which the preset shows; a rule `deny` keeps it away:\n";
    for (const std::string& line : learned.flagged) text += comment("  " + line);
  }
  text += fmt::format("\npreset = {}\n\n", toml_string(learned.preset));
  const Origins none;
  return text + to_toml(learned.policy, &none);
}

}  // namespace cordon
