#include "engine/progress.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <vector>

namespace cordon::engine {
namespace {

using ::testing::HasSubstr;

TEST(Progress, ComesLineByLineHoweverItIsCut) {
  const std::string text =
      "{\"status\":\"Downloading\",\"id\":\"abc\",\"progressDetail\":{\"current\":5,\"total\":10}}"
      "\r\n\r\n{\"stream\":\"Step 1\\n\"}\n{\"aux\":{\"ID\":\"sha256:1\"}}";
  for (std::size_t step = 1; step < text.size(); step += 7) {
    std::vector<Progress> seen;
    const auto sink = [&](const Progress& one) { seen.push_back(one); };
    ProgressReader reader;
    for (std::size_t at = 0; at < text.size(); at += step) {
      ASSERT_TRUE(reader.feed(std::string_view(text).substr(at, step), sink));
    }
    ASSERT_TRUE(reader.end(sink));
    ASSERT_EQ(seen.size(), 3U) << step;
    EXPECT_EQ(seen[0].layer, "abc");
    EXPECT_EQ(seen[0].done_bytes, 5);
    EXPECT_EQ(seen[0].total_bytes, 10);
    EXPECT_EQ(seen[1].text, "Step 1\n");
    EXPECT_EQ(seen[2].image_id, "sha256:1");
  }
}

TEST(Progress, WhatWentWrongIsAnError) {
  ProgressReader reader;
  const auto fed = reader.feed(
      "{\"errorDetail\":{\"message\":\"no\\u001b[1m space\"},\"error\":\"x\"}\n", nullptr);
  ASSERT_FALSE(fed);
  EXPECT_THAT(fed.error().detail, HasSubstr("no [1m space"));
  ProgressReader plain;
  EXPECT_EQ(plain.feed("{\"error\":\"short\"}\n", nullptr).error().detail, "short");
}

TEST(Progress, NonsenseIsAnErrorAndBounded) {
  EXPECT_FALSE(ProgressReader().feed("nonsense\n", nullptr));
  EXPECT_FALSE(ProgressReader().feed("[]\n", nullptr));
  EXPECT_TRUE(ProgressReader().feed("{\"progressDetail\":7,\"id\":[]}\n", nullptr));
  ProgressReader endless;
  EXPECT_TRUE(endless.feed(std::string(1 << 20, 'x'), nullptr));
  EXPECT_FALSE(endless.feed("x", nullptr));
}

}  // namespace
}  // namespace cordon::engine
