// For tests of the broker: what they all start from.
#pragma once

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstring>
#include <string>
#include <vector>

#include "linux/guard/testing.h"

namespace cordon::guard::testing {

inline int make_file(const std::string& path, int flags = O_WRONLY | O_CREAT, mode_t mode = 0644) {
  const int fd = open(path.c_str(), flags, mode);
  if (fd >= 0) close(fd);
  return fd < 0 ? -1 : 0;
}

// A work directory with a repository in it, and rules for it.
class GuardBroker : public ::testing::Test {
 protected:
  GuardBroker() { work_.directory("repo/.git"); }

  std::string operator/(std::string_view name) const {
    return work_ / ("repo/" + std::string(name));
  }
  std::string inside(std::string_view name) const { return "repo/" + std::string(name); }

  std::vector<linux_os::GuardRule> rules() const {
    const std::string top = work_ / "repo";
    return {rule(Kind::Protect, top, ".git/hooks", kDirectoryMayBeMade),
            rule(Kind::Allow, top, ".git/hooks/*.sample"),
            rule(Kind::Protect, top, ".git/config"),
            rule(Kind::Protect, top, ".envrc"),
            rule(Kind::Protect, top, ".vscode"),
            rule(Kind::Deny, top, "**/.env"),
            rule(Kind::Hide, top, "**/*.secret")};
  }

  long under(const Attempt& attempt, seccomp::Guarded level = seccomp::Guarded::Making) const {
    return guarded(rules(), level, attempt);
  }

  // `attempt` leaves `trace` behind without the guard, and must not with it.
  void expect_refused(long error, std::string_view trace, const Attempt& attempt,
                      seccomp::Guarded level = seccomp::Guarded::Making) {
    EXPECT_EQ(under(attempt, level), -error);
    EXPECT_FALSE(work_.has(inside(trace))) << trace;
    const long control = unguarded(attempt);
    EXPECT_GE(control, 0) << "without the guard it must work: " << std::strerror(-(int)control);
    EXPECT_TRUE(work_.has(inside(trace))) << "without the guard: " << trace;
  }

  Directory work_;
};

}  // namespace cordon::guard::testing
