#include "sandbox/output_capture.h"

#include <gtest/gtest.h>

namespace cordon {
namespace {

TEST(OutputCapture, KeepsEverythingThatFits) {
  OutputCapture capture(10);
  capture.append("01234");
  capture.append("");
  capture.append("56789");
  EXPECT_TRUE(capture.full());
  EXPECT_FALSE(capture.truncated());
  EXPECT_EQ(capture.take(), "0123456789");
}

TEST(OutputCapture, KeepsTheFirstBytesAndSaysSo) {
  OutputCapture capture(7);
  capture.append("01234");
  capture.append("56789");
  capture.append("more");
  EXPECT_TRUE(capture.truncated());
  EXPECT_EQ(capture.take(), "0123456");
}

TEST(OutputCapture, KeepsNothingWhenNothingIsAllowed) {
  OutputCapture capture(0);
  EXPECT_TRUE(capture.full());
  EXPECT_FALSE(capture.truncated());
  capture.append("x");
  EXPECT_TRUE(capture.truncated());
  EXPECT_EQ(capture.take(), "");
}

TEST(OutputCapture, NeverCutsACharacterWhenTruncated) {
  OutputCapture capture(4);
  capture.append("a\xe4\xb8\x96\xe4\xb8\x96");  // fits exactly up to the first
  EXPECT_EQ(capture.take(), "a\xe4\xb8\x96");
  OutputCapture cut(3);
  cut.append("a\xe4\xb8\x96");
  EXPECT_EQ(cut.take(), "a");
  // What the guest itself left unfinished is its output as it is.
  OutputCapture whole(8);
  whole.append("a\xe4\xb8");
  EXPECT_EQ(whole.take(), "a\xe4\xb8");
}

TEST(OutputCapture, BuffersDoubleAndNeverExceedTheLimit) {
  constexpr std::size_t kKeep = 1'000'000;
  OutputCapture capture(kKeep);
  const std::string piece(1000, 'x');
  for (int i = 0; i < 2000; ++i) capture.append(piece);
  const std::string kept = capture.take();
  EXPECT_EQ(kept.size(), kKeep);
  EXPECT_LE(kept.capacity(), kKeep);
}

TEST(OutputCapture, AnAbsurdLimitCostsNothingUntilItIsUsed) {
  OutputCapture capture(~0ULL);
  capture.append("small");
  const std::string kept = capture.take();
  EXPECT_EQ(kept, "small");
  EXPECT_LT(kept.capacity(), 10'000U);
}

}  // namespace
}  // namespace cordon
