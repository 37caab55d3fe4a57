#include "lxc/ready_line.h"

#include <gmock/gmock.h>

namespace cordon::lxc {
namespace {

using testing::HasSubstr;

TEST(ReadyLine, IsTakenOffInPieces) {
  ReadyLine line;
  EXPECT_EQ(line.feed("cordon-inst"), "");
  EXPECT_FALSE(line.decided());
  EXPECT_EQ(line.feed("ance ready\nfirst words"), "first words");
  ASSERT_TRUE(line.decided());
  EXPECT_TRUE(line.outcome());
  EXPECT_EQ(line.feed("cordon-instance failed 1 x\n"), "cordon-instance failed 1 x\n")
      << "the guest's own";
}

TEST(ReadyLine, OfATerminalEndsWithBoth) {
  ReadyLine line;
  EXPECT_EQ(line.feed("cordon-instance ready\r\n$ "), "$ ");
  EXPECT_TRUE(line.outcome());
}

TEST(ReadyLine, ACommandThatIsNotThereIsNotFound) {
  ReadyLine line;
  line.feed("cordon-instance failed 2 run nope\n");
  ASSERT_FALSE(line.outcome());
  EXPECT_EQ(line.outcome().error().code, ErrorCode::NotFound);
  EXPECT_EQ(line.outcome().error().operation, "exec") << "the exit status is taken from it";
  EXPECT_EQ(line.outcome().error().subject, "nope");
}

TEST(ReadyLine, AWallThatDoesNotStandIsUnsupported) {
  ReadyLine line;
  line.feed("cordon-instance failed 1 load the system call filter \n");
  EXPECT_EQ(line.outcome().error().code, ErrorCode::Unsupported);
  EXPECT_THAT(line.outcome().error().message(), HasSubstr("load the system call filter"));
}

TEST(ReadyLine, AnythingElseMeansThatNoWallStands) {
  for (const char* said : {"hello\n", "cordon-instance readyy\n", "\n"}) {
    ReadyLine line;
    line.feed(said);
    ASSERT_TRUE(line.decided()) << said;
    EXPECT_FALSE(line.outcome()) << said;
  }
  ReadyLine endless;
  endless.feed(std::string(10'000, 'x'));
  ASSERT_TRUE(endless.decided());
  EXPECT_FALSE(endless.outcome());
  ReadyLine silent;
  silent.end();
  EXPECT_FALSE(silent.outcome());
}

}  // namespace
}  // namespace cordon::lxc
