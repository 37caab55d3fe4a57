#include "policy/embedded.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "core/nearest.h"

namespace cordon {

namespace {

struct EmbeddedEntry {
  Key key;
  std::string_view text;
  std::string_view value;
  std::uint64_t number;
  double cores;
  Presence presence;
  std::string_view reason;
  unsigned line;
};

struct EmbeddedPolicy {
  EmbeddedKind kind;
  std::string_view name;
  std::string_view description;
  std::span<const EmbeddedEntry> entries;
};

// kEmbedded, written by tools/embed_documents.cc.
#include "embedded_policies.inc"

std::string_view word(EmbeddedKind kind) {
  return kind == EmbeddedKind::Preset ? "preset" : "pack";
}

const EmbeddedPolicy* find(EmbeddedKind kind, std::string_view name) {
  const auto found = std::ranges::find_if(kEmbedded, [&](const EmbeddedPolicy& policy) {
    return policy.kind == kind && policy.name == name;
  });
  return found == std::end(kEmbedded) ? nullptr : found;
}

}  // namespace

std::vector<std::string_view> embedded_names(EmbeddedKind kind) {
  std::vector<std::string_view> names;
  for (const EmbeddedPolicy& policy : kEmbedded) {
    if (policy.kind == kind) names.push_back(policy.name);
  }
  return names;
}

std::string_view embedded_description(EmbeddedKind kind, std::string_view name) {
  const EmbeddedPolicy* policy = find(kind, name);
  return policy ? policy->description : std::string_view();
}

Result<PolicyDocument> embedded_policy(EmbeddedKind kind, std::string_view name) {
  const EmbeddedPolicy* policy = find(kind, name);
  if (!policy) {
    const auto names = embedded_names(kind);
    const auto near = nearest(name, names);
    return std::unexpected(invalid_argument(
        fmt::format("use the {}", word(kind)), fmt::format("\"{}\"", name.substr(0, 64)),
        fmt::format("there is {}{}", fmt::join(names, ", "),
                    near ? fmt::format("; did you mean {}?", *near) : "")));
  }
  PolicyDocument document{fmt::format("{} {}", word(kind), name), {}};
  document.entries.reserve(policy->entries.size());
  for (const EmbeddedEntry& entry : policy->entries) {
    document.entries.push_back({.key = entry.key,
                                .text = std::string(entry.text),
                                .value = std::string(entry.value),
                                .number = entry.number,
                                .cores = entry.cores,
                                .presence = entry.presence,
                                .reason = std::string(entry.reason),
                                .position = {entry.line, 0, {}}});
  }
  return document;
}

}  // namespace cordon
