#include "policy/default_in_words.h"

#include <fmt/format.h>

#include "policy/default_policy.h"

namespace cordon {

namespace {

void add(std::string& text, std::string_view heading, std::span<const DefaultEntry> entries) {
  text += fmt::format("#\n# {}\n", heading);
  for (const DefaultEntry& entry : entries) {
    text += fmt::format("#   {:<32}  {}\n", entry.path, entry.reason);
  }
}

}  // namespace

std::string default_in_words() {
  const DefaultPolicy defaults = default_policy();
  std::string text =
      "# The default policy, on which all of this is laid. A rule above for the same path comes\n"
      "# before it. /tmp, /dev/shm and the home directory are private and empty.\n";
  add(text, "read", defaults.system);
  add(text, "deny", defaults.denied);
  add(text, "deny, where the home directory is visible", defaults.secrets);
  add(text, "protect, in the work directory", defaults.protected_names);
  add(text, "not protected, though beneath one of these", defaults.unprotected_names);
  return text;
}

}  // namespace cordon
