// policies/default.toml as a table: what every sandbox starts from.
#pragma once

#include <span>
#include <string_view>

namespace cordon {

// Literals: null-terminated, and there for ever.
struct DefaultEntry {
  std::string_view path;
  std::string_view reason;
};

struct DefaultPolicy {
  std::span<const DefaultEntry> system;   // absolute; read
  std::span<const DefaultEntry> denied;   // absolute; denied although a part of `system`
  std::span<const DefaultEntry> secrets;  // "~/..."; denied where the home is visible
  // Relative to the work directory; read. With a slash at its end: a directory that may be made,
  // but nothing in it.
  std::span<const DefaultEntry> protected_names;
  std::span<const DefaultEntry> protected_in_git_worktrees;  // relative to .git/worktrees/NAME
  std::span<const DefaultEntry> unprotected_names;  // relative to the work directory; exceptions
  // Of protected_names: files of settings that may be replaced while they say nothing but harmless
  // things.
  std::span<const DefaultEntry> git_configs;
  std::span<const DefaultEntry> devices;                  // absolute
  std::span<const DefaultEntry> proc_read_only;           // absolute
  std::span<const DefaultEntry> proc_hidden;              // absolute; files
  std::span<const DefaultEntry> proc_hidden_directories;  // absolute
  std::span<const DefaultEntry> shared_places;        // absolute; never a work directory themselves
  std::span<const DefaultEntry> forbidden_work_dirs;  // absolute, with everything beneath
};

DefaultPolicy default_policy();

}  // namespace cordon
