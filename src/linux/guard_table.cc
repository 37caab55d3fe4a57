#include "linux/guard_table.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cstring>
#include <map>
#include <string_view>

namespace cordon::linux_os {

namespace {

template <class T>
void append(std::vector<std::byte>& bytes, const T& value) {
  const auto* data = reinterpret_cast<const std::byte*>(&value);
  bytes.insert(bytes.end(), data, data + sizeof value);
}

std::uint32_t size32(std::size_t size) { return static_cast<std::uint32_t>(size); }

std::uint32_t first_name(const GuardRule& rule) {
  if (rule.components.empty() || rule.components[0].shape != guard::Shape::Literal) return 0;
  const std::string& text = rule.components[0].text;
  return guard::name_hash({text.data(), text.size()});
}

}  // namespace

Result<std::vector<std::byte>> make_guard_table(std::span<const GuardRule> rules) {
  // The order of the rules stays within an anchor, which is where rules can be equally deep: an
  // anchor within another one covers a path only deeper than that one's rules end, or as deep.
  std::map<std::string_view, std::vector<const GuardRule*>> by_anchor;
  std::size_t components = 0;
  for (const GuardRule& rule : rules) {
    if (rule.components.size() > guard::kMostComponents) {
      return std::unexpected(
          invalid_argument("guard a path", rule.anchor,
                           fmt::format("the rule has {} names in it, at most {}",
                                       rule.components.size(), guard::kMostComponents)));
    }
    by_anchor[rule.anchor == "/" ? std::string_view() : rule.anchor].push_back(&rule);
    components += rule.components.size();
  }
  const std::size_t fixed = sizeof(guard::Table) + by_anchor.size() * sizeof(guard::Anchor) +
                            rules.size() * sizeof(guard::Rule) +
                            components * sizeof(guard::Component);
  std::string text;
  const auto keep = [&](std::string_view piece) {
    const std::size_t at = fixed + text.size();
    text += piece;
    return size32(at);
  };
  std::vector<std::byte> bytes;
  bytes.reserve(fixed + 4096);
  append(bytes, guard::Table{guard::kTableMagic, 0, size32(by_anchor.size()), size32(rules.size()),
                             size32(components), 0});
  std::uint32_t first = 0;
  for (const auto& [anchor, its_rules] : by_anchor) {
    append(bytes,
           guard::Anchor{keep(anchor), size32(anchor.size()), first, size32(its_rules.size())});
    first += size32(its_rules.size());
  }
  std::uint32_t component = 0;
  for (const auto& [anchor, its_rules] : by_anchor) {
    for (const GuardRule* rule : its_rules) {
      append(bytes, guard::Rule{rule->kind, rule->flags,
                                static_cast<std::uint16_t>(rule->components.size()), component,
                                first_name(*rule)});
      component += size32(rule->components.size());
    }
  }
  for (const auto& [anchor, its_rules] : by_anchor) {
    for (const GuardRule* rule : its_rules) {
      for (const GuardComponent& piece : rule->components) {
        append(bytes,
               guard::Component{piece.shape, 0, static_cast<std::uint16_t>(piece.text.size()),
                                keep(piece.text)});
      }
    }
  }
  const auto* data = reinterpret_cast<const std::byte*>(text.data());
  bytes.insert(bytes.end(), data, data + text.size());
  const auto whole = size32(bytes.size());
  std::memcpy(bytes.data() + offsetof(guard::Table, bytes), &whole, sizeof whole);
  return bytes;
}

Result<UniqueFd> make_guard_file(std::span<const std::byte> table) {
  UniqueFd fd(memfd_create("cordon-guard", MFD_CLOEXEC | MFD_ALLOW_SEALING));
  if (!fd.valid()) return std::unexpected(system_error("make a memory file"));
  if (write(fd.get(), table.data(), table.size()) != static_cast<ssize_t>(table.size())) {
    return std::unexpected(system_error("write the guard's rules"));
  }
  if (fcntl(fd.get(), F_ADD_SEALS, F_SEAL_WRITE | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL) != 0) {
    return std::unexpected(system_error("seal the guard's rules"));
  }
  return fd;
}

}  // namespace cordon::linux_os
