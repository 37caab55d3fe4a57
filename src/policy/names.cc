// The words of policy.h and tier.h, as people and scripts write them.
#include <fmt/format.h>

#include <array>
#include <string>

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
    case Access::Deny:
      return "deny";
    case Access::Hide:
      return "hide";
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
