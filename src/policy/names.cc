// The words of policy.h, guarantees.h and tier.h, as people and scripts write them.
#include <fmt/format.h>

#include <array>
#include <string>

#include "cordon/guarantees.h"
#include "cordon/policy.h"
#include "cordon/tier.h"

namespace cordon {

namespace {

constexpr std::array kTiers = {Tier::Light, Tier::Gvisor, Tier::Container, Tier::Strong};
constexpr std::array kLevels = {IsolationLevel::Off, IsolationLevel::Default,
                                IsolationLevel::Enhanced, IsolationLevel::Container,
                                IsolationLevel::Maximum};

template <class Names>
auto parse(std::string_view what, const Names& values, std::string_view name)
    -> Result<typename Names::value_type> {
  std::string allowed;
  for (const auto value : values) {
    if (to_string(value) == name) return value;
    if (!allowed.empty()) allowed += ", ";
    allowed += to_string(value);
  }
  return std::unexpected(invalid_argument(fmt::format("choose the {}", what),
                                          fmt::format("\"{}\"", name),
                                          fmt::format("there is {}", allowed)));
}

}  // namespace

std::string_view to_string(Access access) {
  switch (access) {
    case Access::Read:
      return "read";
    case Access::Write:
      return "write";
    case Access::Protect:
      return "protect";
    case Access::Deny:
      return "deny";
    case Access::Hide:
      return "hide";
  }
  return "unknown";
}

std::string_view to_string(Layer layer) {
  switch (layer) {
    case Layer::Default:
      return "default";
    case Layer::Preset:
      return "preset";
    case Layer::Pack:
      return "pack";
    case Layer::System:
      return "system";
    case Layer::User:
      return "user";
    case Layer::File:
      return "file";
    case Layer::CommandLine:
      return "command line";
    case Layer::Project:
      return "project";
  }
  return "unknown";
}

std::string_view to_string(NetworkMode mode) {
  switch (mode) {
    case NetworkMode::None:
      return "none";
    case NetworkMode::Open:
      return "open";
  }
  return "unknown";
}

std::string_view to_string(Strength strength) {
  switch (strength) {
    case Strength::Enforced:
      return "enforced";
    case Strength::Partial:
      return "partial";
    case Strength::Absent:
      return "absent";
  }
  return "unknown";
}

std::string_view to_string(Tier tier) {
  switch (tier) {
    case Tier::Light:
      return "light";
    case Tier::Gvisor:
      return "gvisor";
    case Tier::Container:
      return "container";
    case Tier::Strong:
      return "strong";
  }
  return "unknown";
}

std::string_view to_string(IsolationLevel level) {
  switch (level) {
    case IsolationLevel::Off:
      return "off";
    case IsolationLevel::Default:
      return "default";
    case IsolationLevel::Enhanced:
      return "enhanced";
    case IsolationLevel::Container:
      return "container";
    case IsolationLevel::Maximum:
      return "maximum";
  }
  return "unknown";
}

Result<Tier> parse_tier(std::string_view name) { return parse("tier", kTiers, name); }

Result<IsolationLevel> parse_isolation_level(std::string_view name) {
  return parse("isolation level", kLevels, name);
}

}  // namespace cordon
