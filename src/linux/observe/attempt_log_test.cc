#include "observe/attempt_log.h"

#include <gtest/gtest.h>

#include <cerrno>
#include <string>

namespace cordon::observe {
namespace {

Observed attempt(const std::string& target, int error) {
  Observed observed;
  observed.attempt = Attempt::Read;
  observed.target = target;
  observed.error = error;
  observed.program = "/usr/bin/cat";
  return observed;
}

// Refuses what fails.
std::optional<Refusal> judge(const Observed& observed) {
  if (observed.error == 0) return std::nullopt;
  return Refusal{.what = {}, .rule = "a rule", .origin = "", .reason = "", .remedy = {}};
}

TEST(AttemptLog, CountsWhatIsAlikeAndSortsByTarget) {
  AttemptLog log(Watch::Refusals, judge);
  log.add(attempt("/b", ENOENT));
  log.add(attempt("/a", ENOENT));
  log.add(attempt("/b", ENOENT));
  log.add(attempt("/b", EACCES));
  const Observation seen = log.take();
  ASSERT_EQ(seen.refused.size(), 3U);
  EXPECT_EQ(seen.refused[0].what.target, "/a");
  EXPECT_EQ(seen.refused[1].what.error, ENOENT);
  EXPECT_EQ(seen.refused[1].what.count, 2U);
  EXPECT_EQ(seen.refused[2].what.error, EACCES);
}

TEST(AttemptLog, KeepsWhatWasUsedOnlyWhereItIsAskedFor) {
  AttemptLog refusals(Watch::Refusals, judge);
  refusals.add(attempt("/a", 0));
  EXPECT_TRUE(refusals.take().used.empty());
  AttemptLog everything(Watch::Everything, judge);
  everything.add(attempt("/a", 0));
  everything.add(attempt("/a", 0));
  const Observation seen = everything.take();
  ASSERT_EQ(seen.used.size(), 1U);
  EXPECT_EQ(seen.used[0].count, 2U);
}

TEST(AttemptLog, AsksTheJudgeOnceForWhatIsAlike) {
  int asked = 0;
  AttemptLog log(Watch::Refusals, [&](const Observed&) -> std::optional<Refusal> {
    ++asked;
    return std::nullopt;
  });
  for (int i = 0; i < 5; ++i) log.add(attempt("/a", ENOENT));
  EXPECT_EQ(asked, 1);
}

// A guest must not be able to fill the observer's memory.
TEST(AttemptLog, IsBoundedAndSaysSo) {
  AttemptLog log(Watch::Refusals, judge);
  const std::string long_name(4000, 'x');
  for (int i = 0; i < 20000; ++i) log.add(attempt("/" + std::to_string(i) + long_name, ENOENT));
  const Observation seen = log.take();
  EXPECT_GT(seen.dropped, 0U);
  EXPECT_EQ(seen.refused.size() + seen.dropped, 20000U);
}

}  // namespace
}  // namespace cordon::observe
