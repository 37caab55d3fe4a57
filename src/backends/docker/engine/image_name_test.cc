#include "engine/image_name.h"

#include <gtest/gtest.h>

namespace cordon::engine {
namespace {

const std::string kDigest = "sha256:" + std::string(64, 'a');

TEST(ImageName, HasRegistryRepositoryAndTag) {
  const auto plain = parse_image_name("python");
  ASSERT_TRUE(plain) << plain.error().message();
  EXPECT_EQ(plain->registry, "");
  EXPECT_EQ(plain->repository, "python");
  EXPECT_EQ(plain->tag, "latest");

  const auto full = parse_image_name("localhost:5000/tools/lint:v1.2_3");
  ASSERT_TRUE(full);
  EXPECT_EQ(full->registry, "localhost:5000");
  EXPECT_EQ(full->repository, "localhost:5000/tools/lint");
  EXPECT_EQ(full->tag, "v1.2_3");

  const auto directory = parse_image_name("library/python");
  ASSERT_TRUE(directory);
  EXPECT_EQ(directory->registry, "");

  const auto port = parse_image_name("localhost:5000/x");
  ASSERT_TRUE(port);
  EXPECT_EQ(port->tag, "latest");
}

TEST(ImageName, ADigestIsStrongerThanATag) {
  const auto name = parse_image_name("a/b:1@" + kDigest);
  ASSERT_TRUE(name) << name.error().message();
  EXPECT_EQ(name->repository, "a/b");
  EXPECT_EQ(name->digest, kDigest);
  EXPECT_EQ(name->tag, "");
}

TEST(ImageName, WhatNoRegistryHasIsRefused) {
  for (const std::string& text :
       {std::string(), std::string("Python"), std::string("a b"), std::string("/a"),
        std::string("a/"), std::string("a//b"), std::string("a:"), std::string("a:-x"),
        std::string("a@sha256:zz"), std::string("a@"), std::string(64, 'a'), kDigest,
        "a:" + std::string(129, 'x'), std::string(300, 'a'), std::string("a?b=c"),
        std::string("ho%st.x/a"), std::string("a\nb")}) {
    const auto name = parse_image_name(text);
    ASSERT_FALSE(name) << text;
    EXPECT_EQ(name.error().code, ErrorCode::InvalidArgument);
  }
}

}  // namespace
}  // namespace cordon::engine
