#include "devenv/dockerfile.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace cordon::devenv {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

Dockerfile read(std::string_view text, const BuildArguments& arguments = {}) {
  auto file = read_dockerfile(text, arguments, "a=b");
  EXPECT_TRUE(file) << (file ? "" : file.error().message());
  return file ? *std::move(file) : Dockerfile{};
}

TEST(Dockerfile, TellsWhereItStartsAndWhatItCopies) {
  const Dockerfile file = read(
      "# a comment\nFROM --platform=linux/amd64 base:1 AS build\n"
      "COPY --chown=1:1 a b \\\n  # between\n  c /to/\nADD [\"with space\", \"/x\"]\n"
      "ADD https://example.invalid/x /y\nRUN COPY nothing here\n"
      "from build\nCOPY --from=build /x /y\ncopy . .");
  EXPECT_THAT(file.bases, ElementsAre("base:1"));
  EXPECT_THAT(file.sources, ElementsAre("a", "b", "c", "with space", "."));
  EXPECT_FALSE(file.copies_all);
}

TEST(Dockerfile, GetsALabelAfterEachFrom) {
  EXPECT_EQ(read("FROM a\nRUN x\nFROM \\\n b\nRUN y").text,
            "FROM a\nLABEL a=b\nRUN x\nFROM \\\n b\nLABEL a=b\nRUN y");
  EXPECT_EQ(read("FROM a").text, "FROM a\nLABEL a=b\n");
  EXPECT_EQ(read_dockerfile("FROM a\n", {}, "")->text, "FROM a\n");
}

TEST(Dockerfile, BasesMayDependOnArguments) {
  const std::string_view text =
      "ARG V=1\nARG N=\"img\"\nFROM $N:${V}\nFROM ${X:-other}:2\nFROM $UNSET";
  EXPECT_THAT(read(text).bases, ElementsAre("img:1", "other:2", "$UNSET"));
  EXPECT_THAT(read(text, {{"V", "7"}}).bases, ElementsAre("img:7", "other:2", "$UNSET"));
}

TEST(Dockerfile, StagesAndScratchAreNoImages) {
  EXPECT_THAT(read("FROM scratch\nCOPY a /\n").bases, IsEmpty());
  EXPECT_THAT(read("FROM a AS x\nFROM x\nFROM a").bases, ElementsAre("a"));
}

TEST(Dockerfile, SourcesWithVariablesMayBeAnything) {
  EXPECT_TRUE(read("FROM a\nARG D\nCOPY $D /x").copies_all);
}

TEST(Dockerfile, AnotherEscapeCharacter) {
  EXPECT_THAT(read("# escape=`\nFROM a\nCOPY x `\n y /z\nRUN c:\\\nCOPY w /").sources,
              ElementsAre("x", "y", "w"));
}

TEST(Dockerfile, WithoutFromItIsRefused) {
  for (const std::string_view text : {"", "# FROM a", "RUN x", "ARG a", "COPY a b\nFROM x", "FROM",
                                      "FROM --platform=x", "\\\n", "\n\n"}) {
    const auto file = read_dockerfile(text, {}, "");
    ASSERT_FALSE(file) << text;
    EXPECT_EQ(file.error().code, ErrorCode::InvalidArgument);
    EXPECT_THAT(file.error().message(), HasSubstr("FROM"));
  }
  EXPECT_FALSE(read_dockerfile(std::string("FROM a\n\0", 8), {}, ""));
  EXPECT_FALSE(read_dockerfile("FROM a\n" + std::string(1 << 20, '#'), {}, ""));
}

}  // namespace
}  // namespace cordon::devenv
