// For tests: a guest behind the guard, without a sandbox around it. The broker is a process of its
// own, as it is in a sandbox.
#pragma once

#include <sys/types.h>

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "linux/guard_table.h"
#include "linux/seccomp.h"

namespace cordon::guard::testing {

// "/a/**/b*" beneath an anchor: a name with a wildcard in it becomes a pattern.
linux_os::GuardRule rule(Kind kind, const std::string& anchor, std::string_view pattern,
                         std::uint8_t flags = 0);

// A table of rules, in memory that lives as long as this.
class TableOf {
 public:
  explicit TableOf(const std::vector<linux_os::GuardRule>& rules);
  const Table& operator*() const { return *reinterpret_cast<const Table*>(bytes_.data()); }

 private:
  std::vector<std::byte> bytes_;
};

// A result of a guest: what a call returned, or -errno.
using Attempt = std::function<long()>;
inline constexpr long kNoAnswer = -1'000'000;
long result_of(long libc_result);

// Runs the attempt in a child, guarded by the rules; or without any guard.
long guarded(const std::vector<linux_os::GuardRule>& rules, seccomp::Guarded level,
             const Attempt& attempt);
long unguarded(const Attempt& attempt);

// In an attempt of guarded(): the broker's process. The guest may end it.
pid_t broker();

// A directory for a test: canonical, and gone with this.
class Directory {
 public:
  Directory();
  ~Directory();
  Directory(const Directory&) = delete;
  Directory& operator=(const Directory&) = delete;

  const std::string& path() const { return path_; }
  std::string operator/(std::string_view name) const { return path_ + "/" + std::string(name); }
  void file(std::string_view name, std::string_view content = "host\n") const;
  void directory(std::string_view name) const;
  std::string content(std::string_view name) const;  // "" when it is not there
  bool has(std::string_view name) const;             // a dangling link counts

 private:
  std::string path_;
};

}  // namespace cordon::guard::testing
