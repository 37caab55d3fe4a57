// Thousands of runs, many of them killed at any moment of their short lives: nothing may add up.
#include <signal.h>
#include <time.h>

#include <random>

#include "support/callers.h"
#include "support/leftovers.h"

namespace cordon::test {
namespace {

class Soak : public EveryCaller {
 protected:
  // Empty when everything that came after `before` has gone again.
  std::string left_since(const Leftovers& before) const {
    Leftovers stayed = count_leftovers(user());
    eventually([&] {
      stayed = staying(stayed, count_leftovers(user()));
      return added(before, stayed).empty();
    });
    return added(before, stayed);
  }
};

TEST_P(Soak, RunsInARowAndRunsKilledMidWayLeaveNothing) {
  // One run before counting: what is set up once for good is not a leak.
  ASSERT_EQ(sandbox({}, {"/bin/true"}).exit_code, 0);
  const Leftovers before = count_leftovers(user());

  for (int i = 0; i < 2000; ++i) {
    const Outcome outcome = sandbox({}, {"/bin/true"});
    ASSERT_EQ(outcome.exit_code, 0) << "run " << i << ": " << describe(outcome);
  }
  EXPECT_EQ(left_since(before), "") << "after the runs";

  std::mt19937 random(20240229);
  std::uniform_int_distribution<long> nanoseconds(0, 5'000'000);
  for (int i = 0; i < 200; ++i) {
    Running program(invocation({}, {"sleep", "30"}));
    const timespec moment{0, nanoseconds(random)};
    nanosleep(&moment, nullptr);
    program.signal(SIGKILL);
    program.wait();
  }
  // A run that was killed cannot clean up after itself; the next one does it, once the kernel is
  // done with the last of the killed: on a busy machine that may be the one after the next.
  EXPECT_TRUE(eventually([&] { return processes_running(cordon()).empty(); }));
  Leftovers stayed = count_leftovers(user());
  EXPECT_TRUE(eventually([&] {
    if (sandbox({}, {"/bin/true"}).exit_code != 0) return false;
    stayed = staying(stayed, count_leftovers(user()));
    return added(before, stayed).empty();
  })) << "after the kills: "
      << added(before, stayed);
  EXPECT_TRUE(processes_running(cordon()).empty());
}

INSTANTIATE_TEST_SUITE_P(Native, Soak, all_callers(), caller_name);

}  // namespace
}  // namespace cordon::test
