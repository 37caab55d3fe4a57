#include "core/printable.h"

#include <gtest/gtest.h>

#include <string>

namespace cordon {
namespace {

TEST(Printable, LeavesTextAlone) {
  EXPECT_EQ(printable("make -j2 'a b' \\ gr\u00fc\u00dfe \u4f60 \U0001f600"),
            "make -j2 'a b' \\ gr\u00fc\u00dfe \u4f60 \U0001f600");
  EXPECT_EQ(printable(""), "");
}

TEST(Printable, EscapesWhatATerminalObeys) {
  EXPECT_EQ(printable("\x1b]0;title\a\n\t\x7f"), "\\x1b]0;title\\x07\\x0a\\x09\\u007f");
  EXPECT_EQ(printable(std::string("a\0b", 3)), "a\\x00b");
  EXPECT_EQ(printable("\u009b2J"), "\\u009b2J");  // CSI in one character
}

TEST(Printable, EscapesWhatHidesItsNeighbours) {
  EXPECT_EQ(printable("\u202egpj.exe"), "\\u202egpj.exe");
  EXPECT_EQ(printable("a\u200bb\u2028c\u2069\ufeff"), "a\\u200bb\\u2028c\\u2069\\ufeff");
  EXPECT_EQ(printable("\U000e0041"), "\\udb40\\udc41");
}

TEST(Printable, ReplacesWhatIsNoUtf8) {
  EXPECT_EQ(printable("a\x9b"
                      "2J\xff"),
            "a\ufffd2J\ufffd");
}

}  // namespace
}  // namespace cordon
