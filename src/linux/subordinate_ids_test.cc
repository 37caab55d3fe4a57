#include "linux/subordinate_ids.h"

#include <gmock/gmock.h>

namespace cordon::linux_os {
namespace {

std::vector<std::pair<std::uint32_t, std::uint32_t>> read(std::string_view file,
                                                          std::string_view whom) {
  std::vector<std::pair<std::uint32_t, std::uint32_t>> found;
  for (const IdRange& range : subordinate_ids(file, whom))
    found.emplace_back(range.first, range.count);
  return found;
}

TEST(SubordinateIds, AreThoseOfThatUserAlone) {
  constexpr std::string_view kFile = "_lxd:1:9999\nroot:100000:65536\nme:1000:1\n1000:7:2\nme:5:4";
  EXPECT_THAT(read(kFile, "me"), testing::ElementsAre(testing::Pair(1000, 1), testing::Pair(5, 4)));
  EXPECT_THAT(read(kFile, "1000"), testing::ElementsAre(testing::Pair(7, 2)));
  EXPECT_THAT(read(kFile, "m"), testing::IsEmpty());
}

TEST(SubordinateIds, LinesThatSayNothingGiveNothing) {
  for (const std::string_view line : {"me", "me:", "me:1", "me::", "me:1:", "me::1", "me:1:0",
                                      "me:-1:5", "me:1:5x", "me:4294967296:1", "", ":::", "\n\n"}) {
    EXPECT_THAT(read(line, "me"), testing::IsEmpty()) << line;
  }
}

}  // namespace
}  // namespace cordon::linux_os
