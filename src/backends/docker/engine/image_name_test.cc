#include "engine/image_name.h"

#include <gtest/gtest.h>

#include "engine/client.h"

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

TEST(ImageName, MayHaveSeparatorsAndAnyHost) {
  for (const std::string_view text :
       {"a.b", "a_b", "a__b", "a--b", "0", "a/b-c/d_e", "Host.example/a", "x.y:5000/a/b:T",
        "127.0.0.1:5000/a", "[::1]:5000/a", "my-host.example/a", "localhost/a"}) {
    EXPECT_TRUE(parse_image_name(text)) << text;
    EXPECT_TRUE(check_image_reference(text)) << text;
  }
}

TEST(ImageName, AnEngineIsAskedForIdsAsWell) {
  for (const std::string& id :
       {std::string(64, 'a'), kDigest, std::string("sha256:0af"), std::string("0af")}) {
    EXPECT_TRUE(check_image_reference(id)) << id;
  }
  for (const std::string_view text :
       {"sha256:", "sha256:../a", "sha256:0A", "../containers/json"}) {
    const auto checked = check_image_reference(text);
    ASSERT_FALSE(checked) << text;
    EXPECT_EQ(checked.error().code, ErrorCode::InvalidArgument);
  }
}

// There it would be another request.
TEST(ImageName, NoOtherGetsIntoAPathOfTheApi) {
  for (const std::string_view text :
       {"../containers/json", "../containers/c", "a/../../x", "sha256:../x", ".", ""}) {
    const auto path = image_path(text, "/json");
    ASSERT_FALSE(path) << text;
    EXPECT_EQ(path.error().code, ErrorCode::InvalidArgument);
  }
  EXPECT_EQ(*image_path("x.y:5000/a/b:1", "/json"), "/images/x.y%3A5000/a/b%3A1/json");
  EXPECT_EQ(*image_path("sha256:0af"), "/images/sha256%3A0af");
}

TEST(ImageName, WhatNoRegistryHasIsRefused) {
  for (const std::string& text : {std::string(),
                                  std::string("Python"),
                                  std::string("a b"),
                                  std::string("/a"),
                                  std::string("a/"),
                                  std::string("a//b"),
                                  std::string("a:"),
                                  std::string("a:-x"),
                                  std::string("a@sha256:zz"),
                                  std::string("a@"),
                                  std::string(64, 'a'),
                                  kDigest,
                                  "a:" + std::string(129, 'x'),
                                  std::string(300, 'a'),
                                  std::string("a?b=c"),
                                  std::string("ho%st.x/a"),
                                  std::string("a\nb"),
                                  std::string("."),
                                  std::string(".."),
                                  std::string("../a"),
                                  std::string("a/../b"),
                                  std::string("a/./b"),
                                  std::string("a/.."),
                                  std::string("x.y/../a"),
                                  std::string("../../containers/json"),
                                  std::string("./a"),
                                  std::string("-a"),
                                  std::string("a-"),
                                  std::string("a..b"),
                                  std::string("a.-b"),
                                  std::string("a___b"),
                                  std::string("x.y:/a"),
                                  std::string("x.y:p/a"),
                                  std::string("[x]/a"),
                                  std::string("x..y/a"),
                                  "a@/../../b:" + std::string(64, 'a')}) {
    const auto name = parse_image_name(text);
    ASSERT_FALSE(name) << text;
    EXPECT_EQ(name.error().code, ErrorCode::InvalidArgument);
  }
}

}  // namespace
}  // namespace cordon::engine
