#include "linux/mount_line.h"

#include <gtest/gtest.h>

namespace cordon::linux_os {
namespace {

TEST(MountLine, HasItsWordsHoweverManyOptionalOnes) {
  for (const std::string_view optional : {"", " shared:1", " shared:1 master:2 unbindable"}) {
    const std::string line = "36 35 0:30 /ro\\040ot /a\\040b rw,nosuid" + std::string(optional) +
                             " - cgroup source rw,memory";
    const MountLine mount = read_mount_line(line);
    EXPECT_EQ(mount.device, "0:30");
    EXPECT_EQ(unescape_octal(mount.root), "/ro ot");
    EXPECT_EQ(unescape_octal(mount.point), "/a b");
    EXPECT_EQ(mount.options, "rw,nosuid");
    EXPECT_EQ(mount.type, "cgroup") << optional;
    EXPECT_EQ(mount.super_options, "rw,memory");
  }
}

TEST(MountLine, WhatItDoesNotHaveIsEmpty) {
  EXPECT_EQ(read_mount_line("").point, "");
  const MountLine cut = read_mount_line("36 35 0:30 / /a rw shared:1 - ext4");
  EXPECT_EQ(cut.type, "ext4");
  EXPECT_EQ(cut.super_options, "");
}

TEST(MountLine, OnlyThreeOctalDigitsAreOneCharacter) {
  EXPECT_EQ(unescape_octal("a\\134b\\012\\9\\04"), "a\\b\n\\9\\04");
}

}  // namespace
}  // namespace cordon::linux_os
