#include "cli/pull_report.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <pty.h>
#include <unistd.h>

#include <array>
#include <string>

#include "core/unique_fd.h"

namespace cordon::cli {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

// A terminal hands on what was written in more than one piece.
std::string said(int fd) {
  constexpr int kQuiet = 300;  // ms
  std::array<char, 4096> buffer;
  std::string all;
  for (pollfd readable{fd, POLLIN, 0}; ::poll(&readable, 1, kQuiet) > 0;) {
    const ssize_t size = ::read(fd, buffer.data(), buffer.size());
    if (size <= 0) break;
    all.append(buffer.data(), static_cast<std::size_t>(size));
  }
  return all;
}

TEST(PullReport, IsALineForEachStepWhereNobodyLooks) {
  int fds[2];
  ASSERT_EQ(::pipe(fds), 0);
  const UniqueFd read(fds[0]);
  UniqueFd write(fds[1]);
  {
    PullReport report(write.get(), "box\x1b:1");
    report.show({"abc", "Downloading", 1, 10});
    report.show({"abc", "Downloading", 5, 10});
    report.show({"abc", "Pull \x1b[2J", 0, 0});
    report.show({"", "Status: new", 0, 0});
  }
  EXPECT_EQ(said(read.get()),
            "cordon: box\\x1b:1: abc: Downloading\n"
            "cordon: box\\x1b:1: abc: Pull \\x1b[2J\n"
            "cordon: box\\x1b:1: Status: new\n");
}

TEST(PullReport, IsOneLineThatChangesOnATerminal) {
  int leader = -1;
  int follower = -1;
  ASSERT_EQ(::openpty(&leader, &follower, nullptr, nullptr, nullptr), 0);
  const UniqueFd screen(leader);
  const UniqueFd keyboard(follower);
  {
    PullReport report(follower, "box");
    report.show({"a", "Downloading", 1 << 20, 4 << 20});
    report.show({"b", "Downloading", 1 << 20, 4 << 20});
  }
  const std::string text = said(leader);
  EXPECT_THAT(text, HasSubstr("2.0 of 8.0 MiB"));
  EXPECT_THAT(text, Not(HasSubstr("\n")));
  EXPECT_TRUE(text.ends_with("\r\x1b[K"));
}

}  // namespace
}  // namespace cordon::cli
