#include "docker/gone_mounts.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace cordon::docker {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr std::string_view kWhole =
    "30 1 0:40 / / ro - overlay overlay rw\n"
    "31 30 8:1 /srv/a\\040job /srv/a\\040job rw - ext4 /dev/sda rw\n"
    "32 31 0:6 /null /srv/a\\040job/.env rw - devtmpfs dev rw\n"
    "33 31 0:41 / /srv/a\\040job/sub ro - tmpfs tmpfs ro\n"
    "34 31 8:1 /srv/a\\040job/.git/config /srv/a\\040job/.git/config ro - ext4 /dev/sda rw\n";

std::string without(std::string_view place) {
  std::string text(kWhole);
  const auto begin = text.rfind('\n', text.find(" " + std::string(place) + " "));
  text.erase(begin, text.find('\n', begin + 1) - begin);
  return text;
}

class GoneMounts : public ::testing::Test {
 protected:
  GoneMounts() {
    files_.binds = {{"/srv/a job", "/srv/a job", false},
                    {"/srv/a job/.git/config", "/srv/a job/.git/config", true}};
    files_.unheld.replaced_to_read = {"/srv/a job/.env", "/srv/a job/sub"};
    files_.unheld.replaced_to_write = {"/srv/a job/.env", "/srv/a job/sub",
                                       "/srv/a job/.git/config"};
  }
  Files files_;
};

TEST_F(GoneMounts, AreThoseThatTheKernelDoesNotTellOf) {
  EXPECT_THAT(gone_mounts(kWhole, files_), IsEmpty());
  EXPECT_THAT(gone_mounts(without("/srv/a\\040job/.env"), files_), ElementsAre("/srv/a job/.env"));
  EXPECT_THAT(gone_mounts(without("/srv/a\\040job/.git/config"), files_),
              ElementsAre("/srv/a job/.git/config"));
}

TEST_F(GoneMounts, AreAtTheirOwnPlace) {
  std::string moved(kWhole);
  moved.replace(moved.find("job/sub ro"), 7, "job/sub.old");
  EXPECT_THAT(gone_mounts(moved, files_), ElementsAre("/srv/a job/sub"));
}

TEST_F(GoneMounts, AreNotLookedForWhereTheDirectoryIsNotSeen) {
  EXPECT_THAT(gone_mounts("30 1 0:40 / / ro - overlay overlay rw\n", files_), IsEmpty());
}

}  // namespace
}  // namespace cordon::docker
