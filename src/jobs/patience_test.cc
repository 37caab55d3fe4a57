#include "jobs/patience.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

namespace cordon::jobs {
namespace {

using std::chrono::milliseconds;
using std::chrono::minutes;

struct Pipe {
  Pipe() {
    int ends[2];
    if (::pipe2(ends, O_CLOEXEC | O_NONBLOCK) != 0) std::abort();
    read_end.reset(ends[0]);
    write_end.reset(ends[1]);
  }
  void fill() const {
    while (::write(write_end.get(), "x", 1) == 1) {
    }
  }
  UniqueFd read_end;
  UniqueFd write_end;
};

TEST(Patience, WaitsForAReaderUntilItsTimeIsOver) {
  const Pipe pipe;
  const auto whole = Patience::begin(minutes(10), {});
  ASSERT_TRUE(whole);
  EXPECT_TRUE((*whole)->wait_writable(pipe.write_end.get()));
  const auto patience = Patience::begin(milliseconds(20), {});
  ASSERT_TRUE(patience);
  pipe.fill();
  EXPECT_FALSE((*patience)->wait_writable(pipe.write_end.get()));
  EXPECT_EQ((*patience)->ended(), Patience::End::Time);
}

TEST(Patience, IsExtendedOnlyWhereThereIsNone) {
  const auto whole = Patience::begin(minutes(10), {});
  (*whole)->extend(milliseconds(0));
  EXPECT_EQ((*whole)->ended(), std::nullopt);

  const auto over = Patience::begin(milliseconds(0) + std::chrono::nanoseconds(1), {});
  EXPECT_EQ((*over)->ended(), Patience::End::Time);
  (*over)->extend(minutes(10));
  EXPECT_EQ((*over)->ended(), std::nullopt);
}

TEST(Patience, AStopIsObeyedOnce) {
  std::stop_source stop;
  const auto patience = Patience::begin(minutes(10), stop.get_token());
  stop.request_stop();
  EXPECT_EQ((*patience)->ended(), Patience::End::Stop);
  const Pipe pipe;
  pipe.fill();
  (*patience)->extend(milliseconds(200));
  EXPECT_FALSE((*patience)->wait_writable(pipe.write_end.get()));
  EXPECT_EQ((*patience)->ended(), Patience::End::Time) << "and no longer than what was granted";
}

}  // namespace
}  // namespace cordon::jobs
