#include "lxc/classic_container.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "lxc/attached_command.h"

namespace cordon::lxc {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

TEST(PidOfInfo, IsThatOfTheFirstProcess) {
  EXPECT_EQ(pid_of_info("State:          RUNNING\nPID:            3365\n"), 3365);
  EXPECT_EQ(pid_of_info("State:          STOPPED\n"), 0);
  EXPECT_EQ(pid_of_info("PID:\nPID: 7\n"), 0);
  EXPECT_EQ(pid_of_info(""), 0);
}

TEST(MapsToItself, WhereBothSidesHaveTheSameNumber) {
  constexpr std::string_view kMap =
      "         0     200000      12345\n     12345      12345          1\n     12346     212346 "
      "100\n";
  EXPECT_TRUE(maps_to_itself(kMap, 12345));
  for (const unsigned long id : {0UL, 12344UL, 12346UL, 65532UL}) {
    EXPECT_FALSE(maps_to_itself(kMap, id)) << id;
  }
  EXPECT_TRUE(maps_to_itself("0 0 4294967295\n", 1000)) << "a privileged container";
  EXPECT_FALSE(maps_to_itself("", 0));
}

TEST(PlacesOfHost, AreMountsOfFileSystemsThatTheHostHasMountedToo) {
  constexpr std::string_view kHost =
      "20 1 8:1 / / rw - ext4 /dev/sda1 rw\n"
      "21 20 0:5 / /dev rw - devtmpfs udev rw\n"
      "22 20 0:21 / /proc rw - proc proc rw\n"
      "23 20 0:30 / /run rw - tmpfs tmpfs rw\n";
  constexpr std::string_view kInside =
      "100 90 8:1 /var/lib/lxc/box/rootfs / rw - ext4 /dev/sda1 rw\n"
      "101 100 0:5 /null /dev/null rw - devtmpfs udev rw\n"
      "102 100 0:77 / /proc rw - proc proc rw\n"
      "103 100 8:1 /srv/a\\040b /srv/a\\040b rw shared:3 - ext4 /dev/sda1 rw\n"
      "104 100 0:30 /x /opt/x rw - tmpfs tmpfs rw\n"
      "105 100 0:78 / /tmp rw - tmpfs tmpfs rw\n";
  EXPECT_THAT(places_of_host(kInside, kHost), ElementsAre("/srv/a b", "/opt/x"));
  EXPECT_THAT(places_of_host("", kHost), IsEmpty());
  EXPECT_THAT(places_of_host("nonsense\n\n", kHost), IsEmpty());
}

TEST(Ask, ReturnsWhatWasPrinted) {
  EXPECT_EQ(*ask({"/bin/echo", "a", "b"}, std::chrono::minutes(1)), "a b\n");
  EXPECT_EQ(*ask({"/usr/bin/env"}, std::chrono::minutes(1)), "PATH=/usr/sbin:/usr/bin:/sbin:/bin\n")
      << "none of the caller's variables";
}

TEST(Ask, SaysWhatWentWrong) {
  const auto failed =
      ask({"/bin/sh", "-c", "echo the reason >&2; exit 3"}, std::chrono::minutes(1));
  EXPECT_EQ(failed.error().code, ErrorCode::Internal);
  EXPECT_THAT(failed.error().message(), HasSubstr("the reason"));
  EXPECT_EQ(ask({"/no/such/program"}, std::chrono::minutes(1)).error().code, ErrorCode::NotFound);
}

TEST(Ask, WaitsNoLongerThanItIsTold) {
  const auto late = ask({"/bin/sleep", "600"}, std::chrono::milliseconds(50));
  EXPECT_EQ(late.error().code, ErrorCode::Unavailable);
}

}  // namespace
}  // namespace cordon::lxc
