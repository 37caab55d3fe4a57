#include "policy/unwise.h"

#include <fmt/format.h>

#include <algorithm>

#include "policy/default_policy.h"

namespace cordon {

namespace {

bool is_beneath(std::string_view path, std::string_view ancestor) {
  if (ancestor == "/") return true;
  return path.starts_with(ancestor) &&
         (path.size() == ancestor.size() || path[ancestor.size()] == '/');
}

// Wherever they lie.
constexpr DefaultEntry kSecretNames[] = {
    {.path = ".env", .reason = "a project's passwords and tokens"},
    {.path = ".envrc", .reason = "a project's passwords and tokens"},
    {.path = ".netrc", .reason = "passwords"},
    {.path = ".npmrc", .reason = "registry tokens"},
    {.path = ".git-credentials", .reason = "forge passwords"},
    {.path = "id_rsa", .reason = "private key"},
    {.path = "id_ecdsa", .reason = "private key"},
    {.path = "id_ed25519", .reason = "private key"},
};

const DefaultEntry* secret_name(std::string_view path) {
  const std::string_view name = path.substr(path.rfind('/') + 1);
  for (const DefaultEntry& entry : kSecretNames) {
    if (name == entry.path) return &entry;
  }
  // ".env.local", but not what is shared on purpose.
  const bool shared = name.ends_with(".example") || name.ends_with(".sample");
  return name.starts_with(".env.") && !shared ? &kSecretNames[0] : nullptr;
}

const DefaultEntry* secret_at(std::string_view path, const Surroundings& surroundings) {
  for (const std::string& home : surroundings.homes) {
    for (const DefaultEntry& entry : default_policy().secrets) {
      if (is_beneath(path, home + std::string(entry.path.substr(1)))) return &entry;
    }
  }
  for (const DefaultEntry& entry : default_policy().denied) {
    if (is_beneath(path, entry.path)) return &entry;
  }
  return secret_name(path);
}

const DefaultEntry* protected_at(std::string_view path, const Surroundings& surroundings) {
  for (const DefaultEntry& entry : default_policy().protected_names) {
    // The slash says only that the directory itself may be made.
    const auto name = entry.path.substr(0, entry.path.size() - (entry.path.ends_with('/') ? 1 : 0));
    if (is_beneath(path, fmt::format("{}/{}", surroundings.work_dir, name))) return &entry;
    for (const std::string& home : surroundings.homes) {
      if (is_beneath(path, fmt::format("{}/{}", home, name))) return &entry;
    }
  }
  return nullptr;
}

}  // namespace

std::string why_unwise(std::string_view path, Access access, const Surroundings& surroundings) {
  if (const auto* entry = secret_at(path, surroundings)) return std::string(entry->reason);
  if (access == Access::Write) {
    if (const auto* entry = protected_at(path, surroundings)) return std::string(entry->reason);
    for (const DefaultEntry& entry : default_policy().system) {
      if (is_beneath(path, entry.path)) {
        return fmt::format("it is this host's own: {}", entry.reason);
      }
    }
  }
  if (is_too_wide(path, surroundings)) return "it would open far more than this";
  return "";
}

std::string why_secret(std::string_view path, const Surroundings& surroundings) {
  const DefaultEntry* entry = secret_at(path, surroundings);
  return entry ? std::string(entry->reason) : "";
}

bool is_secret(std::string_view path, const Surroundings& surroundings) {
  return secret_at(path, surroundings) != nullptr;
}

bool is_too_wide(std::string_view path, const Surroundings& surroundings) {
  if (std::ranges::count(path, '/') < 2) return true;  // the root, and what lies directly in it
  for (const std::string& home : surroundings.homes) {
    if (is_beneath(home, path)) return true;
    for (const DefaultEntry& entry : default_policy().secrets) {
      if (is_beneath(home + std::string(entry.path.substr(1)), path)) return true;
    }
  }
  const auto lies_in = [&](const DefaultEntry& entry) { return is_beneath(entry.path, path); };
  return std::ranges::any_of(default_policy().denied, lies_in) ||
         std::ranges::any_of(default_policy().shared_places, lies_in);
}

}  // namespace cordon
