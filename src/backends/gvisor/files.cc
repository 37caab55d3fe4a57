#include "gvisor/files.h"

#include <fmt/format.h>
#include <sys/stat.h>

#include "core/try.h"
#include "gvisor/places.h"
#include "native/paths.h"
#include "native/unheld_names.h"

namespace cordon::gvisor {

namespace {

using linux_os::Operation;
using linux_os::PlanStep;
using native::Grant;
using native::Rule;

class Translator {
 public:
  explicit Translator(const native::RuleSet& rules)
      : rules_(rules), ground_(rules.rules.size(), Ground::Root) {}

  Result<Files> translate() {
    for (std::size_t i = 0; i < rules_.rules.size(); ++i) TRY(add(i));
    files_.unheld = native::unheld_names(rules_, [](const Rule&) { return true; });
    return std::move(files_);
  }

 private:
  // What is beneath a rule's path, before rules below it.
  enum class Ground { Root, Scratch, Host };

  Result<void> add(std::size_t index) {
    const Rule& rule = rules_.rules[index];
    const Ground above = rule.parent < 0 ? Ground::Root : ground_[rule.parent];
    ground_[index] = above;
    switch (rule.grant) {
      case Grant::Scratch:
        if (above == Ground::Scratch) return {};
        files_.mounts.push_back({Mount::Kind::Scratch, rule.path});
        ground_[index] = Ground::Scratch;
        return {};
      case Grant::Read:
      case Grant::Write:
        return show(index, above);
      case Grant::Deny:
      case Grant::Hide:
        return {};  // a mask in the tree, where something would show
    }
    return {};
  }

  Result<void> show(std::size_t index, Ground above) {
    const Rule& rule = rules_.rules[index];
    if (!native::is_mounted(rules_, rule)) return {};
    for (const std::string_view own : {"/proc", "/sys", "/dev"}) {
      if (!native::is_beneath(rule.path, own)) continue;
      return std::unexpected(
          invalid_argument(std::string(rule.origin), rule.path,
                           fmt::format("a gVisor sandbox has a {} of its own", own)));
    }
    // What nobody but the host's administrator changes may be remembered by gVisor's kernel.
    const bool lasting = rule.from_default && rule.grant == Grant::Read;
    if (above == Ground::Host || (above == Ground::Root && lasting)) return {};
    files_.mounts.push_back({Mount::Kind::Host, rule.path});
    ground_[index] = Ground::Host;
    return {};
  }

  const native::RuleSet& rules_;
  std::vector<Ground> ground_;
  Files files_;
};

std::string below_rootfs(std::string_view path) {
  return fmt::format("{}{}", place::kRootfs, path);
}

}  // namespace

Result<Files> files_of(const native::RuleSet& rules) { return Translator(rules).translate(); }

void add_below_rootfs(const linux_os::StepList& native, linux_os::StepList& steps) {
  for (const PlanStep& step : native) {
    const std::string path = below_rootfs(step.path);
    switch (step.operation) {
      case Operation::MakeDirectory:
      case Operation::MakeFile:
      case Operation::MakeSymlink:
      case Operation::Seal:
      case Operation::Bind:
      case Operation::Cover: {
        const bool text_is_inside = step.operation == Operation::Cover;
        PlanStep& added = steps.add(
            step.operation, path, text_is_inside ? below_rootfs(step.text) : step.text, step.value);
        added.tolerance = step.tolerance;
        added.ground = step.ground;
        added.identity = step.identity;
        break;
      }
      case Operation::PrivateMounts:
        steps.add(step.operation);
        break;
      default:
        break;
    }
  }
}

}  // namespace cordon::gvisor
