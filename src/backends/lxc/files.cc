#include "lxc/files.h"

#include <fmt/format.h>

#include <algorithm>
#include <string_view>

#include "core/try.h"
#include "native/candidate.h"
#include "native/never_shown.h"
#include "native/paths.h"
#include "native/unheld_names.h"
#include "policy/default_policy.h"

namespace cordon::lxc {

namespace {

using native::Grant;
using native::is_beneath;
using native::Rule;

constexpr std::string_view kSharedMemory = "/dev/shm";
// Where what Cordon brings along lies in an instance.
constexpr std::string_view kOwnPlace = "/.cordon";

std::vector<std::string> asked(const std::string& store) {
  if (store.empty()) return {};
  return {store};
}

class Translator {
 public:
  Translator(const native::RuleSet& rules, const std::string& store)
      : rules_(rules), sockets_(asked(store)), shown_(rules.rules.size(), false) {}

  Result<Files> translate() {
    for (std::size_t i = 0; i < rules_.rules.size(); ++i) TRY(add(i));
    const DefaultPolicy defaults = default_policy();
    for (const auto entries : {defaults.proc_hidden, defaults.proc_hidden_directories}) {
      for (const DefaultEntry& entry : entries) step(FileStep::Kind::Hide, std::string(entry.path));
    }
    // The /sys of an instance is the host's, to read.
    for (const char* const place : {"/sys/firmware", "/sys/devices/virtual/powercap"}) {
      step(FileStep::Kind::Hide, place);
    }
    files_.unheld = native::unheld_names(rules_, [&](const Rule& rule) {
      return shown_[static_cast<std::size_t>(&rule - rules_.rules.data())];
    });
    return std::move(files_);
  }

 private:
  void step(FileStep::Kind kind, std::string path) {
    files_.steps.push_back({kind, std::move(path)});
  }

  Result<void> add(std::size_t index) {
    const Rule& rule = rules_.rules[index];
    switch (rule.grant) {
      case Grant::Scratch:
        step(FileStep::Kind::Scratch, rule.path);
        return {};
      case Grant::Read:
      case Grant::Write:
        return show(index);
      case Grant::Deny:
      case Grant::Hide:
        take_away(rule);
        return {};
    }
    return {};
  }

  Result<void> show(std::size_t index) {
    const Rule& rule = rules_.rules[index];
    // The system's directories are the instance's; what the defaults say of a directory that is
    // shown holds there, too.
    if (rule.from_default && rule.grant == Grant::Read && !is_shown(rule.parent)) return {};
    TRY(check(rule));
    shown_[index] = true;
    step(rule.grant == Grant::Read ? FileStep::Kind::ShowReadOnly : FileStep::Kind::ShowWritable,
         rule.path);
    return {};
  }

  // Somebody's own rule holds for the instance's files as well as for the host's.
  void take_away(const Rule& rule) {
    if (rule.from_default && !is_shown(rule.parent)) return;
    step(rule.grant == Grant::Deny ? FileStep::Kind::Deny : FileStep::Kind::Hide, rule.path);
  }

  Result<void> check(const Rule& rule) const {
    const auto refuse = [&](std::string detail) {
      return std::unexpected(
          invalid_argument(std::string(rule.origin), rule.path, std::move(detail)));
    };
    for (const std::string_view own : {std::string_view("/proc"), std::string_view("/sys"),
                                       std::string_view("/dev"), kOwnPlace}) {
      if (is_beneath(rule.path, own)) {
        return refuse(fmt::format("an instance has a {} of its own", own));
      }
    }
    return sockets_.refuse(rule, rules_.rules);
  }

  bool is_shown(int index) const { return index >= 0 && shown_[static_cast<std::size_t>(index)]; }

  const native::RuleSet& rules_;
  native::RootSockets sockets_;
  std::vector<bool> shown_;
  Files files_;
};

}  // namespace

void hide_places(Files& files, std::vector<std::string> places) {
  std::erase_if(places, [&](const std::string& place) {
    return std::ranges::any_of(files.steps, [&](const FileStep& step) {
      return step.shows()
                 ? step.path == place
                 : step.kind == FileStep::Kind::Scratch && native::is_beneath(place, step.path);
    });
  });
  std::ranges::sort(places);  // parents before children
  std::vector<FileStep> hidden;
  for (std::string& place : places) hidden.push_back({FileStep::Kind::Hide, std::move(place)});
  files.steps.insert(files.steps.begin(), hidden.begin(), hidden.end());
}

Result<Files> files_of(const native::RuleSet& rules, const std::string& store) {
  return Translator(rules, store).translate();
}

std::string scratch_options(const Files& files, const std::string& path,
                            const docker::Identity& identity, std::uint64_t disk_bytes) {
  constexpr std::uint64_t kPage = 4096;
  constexpr std::uint64_t kLeast = 64 << 10;
  constexpr std::uint64_t kLeastInodes = 1024;
  const auto others =
      static_cast<std::uint64_t>(std::ranges::count_if(files.steps, [](const FileStep& step) {
        return step.kind == FileStep::Kind::Scratch && step.path != kSharedMemory &&
               step.path != "/tmp";
      }));
  // An eighth for shared memory; half of the rest for /tmp.
  std::uint64_t share = disk_bytes / 8;
  const bool everybodys = path == kSharedMemory || path == "/tmp";
  if (path != kSharedMemory) {
    const std::uint64_t half = (disk_bytes - share) / 2;
    share = path == "/tmp" ? half : half / std::max<std::uint64_t>(others, 1);
  }
  const std::uint64_t size = std::max(share, kLeast) / kPage * kPage;
  return fmt::format("size={},nr_inodes={},mode={},uid={},gid={}", size,
                     std::max(size / kPage, kLeastInodes), everybodys ? "1777" : "0700",
                     identity.uid, identity.gid);
}

}  // namespace cordon::lxc
