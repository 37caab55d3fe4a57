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
            "FROM a\nLABEL a=b\nRUN x\nFROM b\nLABEL a=b\nRUN y");
  EXPECT_EQ(read("FROM a").text, "FROM a\nLABEL a=b\n");
  EXPECT_EQ(read_dockerfile("FROM a\n", {}, "")->text, "FROM a\n");
}

TEST(Dockerfile, BasesMayDependOnArguments) {
  const std::string_view text = "ARG V=1\nARG N=\"img\"\nFROM $N:${V}\nFROM ${X:-other}:2\n";
  EXPECT_THAT(read(text).bases, ElementsAre("img:1", "other:2"));
  EXPECT_THAT(read(text, {{"V", "7"}}).bases, ElementsAre("img:7", "other:2"));
}

TEST(Dockerfile, TheEngineIsGivenTheImageInsteadOfItsVariables) {
  EXPECT_EQ(read("ARG V=1\nFROM --platform=$P img:$V AS b\nRUN $V").text,
            "ARG V=1\nFROM --platform=$P img:1 AS b\nLABEL a=b\nRUN $V");
}

TEST(Dockerfile, ImagesThatItCopiesFromAreLookedAt) {
  const std::string_view text =
      "FROM a AS One\nFROM b\nCOPY --from=one /x /\nCOPY --chown=1 --from=c:2 /x /\n"
      "COPY --from=0 /x /\nONBUILD COPY --from=d /x /\nFROM ONE\n";
  EXPECT_THAT(read(text).bases, ElementsAre("a", "b", "c:2", "d"));
}

std::string refusal(std::string_view text) {
  const auto file = read_dockerfile(text, {}, "");
  return file ? "taken" : file.error().message();
}

TEST(Dockerfile, NamesThatAreNoImagesAreRefused) {
  for (const char* name :
       {"$UNSET", "${A:+b}", "'a'", "a\\b", "docker-archive:/root/x.tar", "dir:/root", "oci:x",
        "docker://a/b", "containers-storage:a", "${X:-oci:y}"}) {
    EXPECT_THAT(refusal(std::string("FROM ") + name), HasSubstr("no image's name")) << name;
    EXPECT_THAT(refusal(std::string("FROM a\nCOPY --from=") + name + " /x /y"),
                ::testing::AnyOf(HasSubstr("no image's name"), HasSubstr("quotes")))
        << name;
  }
  EXPECT_EQ(refusal("FROM localhost:5000/a/b_c.d-e:1@sha256:00"), "taken") << "the control";
}

TEST(Dockerfile, WhatEnginesReadDifferentlyIsRefused) {
  for (const std::string_view text :
       {"FROM a\nRUN x \\\n  # c\nFROM evil", "FROM a\nRUN x \\\n  # c\n\xc2\xa0 copy --from=b c d",
        "FROM a\nRUN x \\\\\nFROM evil", "#x\n# escape=`\nFROM a", "# escape=x\nFROM a",
        "FROM a\n\fFROM evil", "FROM a\n\xc2\xa0 FROM evil",
        "FROM a\nRUN <<E\nFROM evil\ncat x\nE\n", "FROM a\nFR OM evil", "FROM a\rFROM b",
        "FROM a\nCOPY --fr\"om\"=b /x /y"}) {
    EXPECT_NE(refusal(text), "taken") << text;
  }
  // The controls.
  for (const std::string_view text :
       {"FROM a\nRUN x \\\n# c\nFROM evil", "FROM a\nRUN x \\\n  # c\n && add y",
        "FROM a\r\nRUN x\r\n", "# escape=`\nFROM a", "FROM a\n# escape=`\n",
        "FROM a\nRUN x \\\n\n y", "FROM a\n\n# c \\\n"}) {
    EXPECT_EQ(refusal(text), "taken") << text;
  }
  EXPECT_THAT(read("FROM a\nRUN x \\\n# c\nFROM b").bases, ElementsAre("a"));
  EXPECT_THAT(read("FR\\\nOM a\nFR\\\nOM b").bases, ElementsAre("a", "b"));
}

TEST(Dockerfile, MountsOfRunAreSeenInAnySpelling) {
  for (const std::string_view text :
       {"RUN --mount=type=bind,target=/m x", "run --network=none --mount=x y",
        "RUN --mo\\\nunt=x y", "RUN \\\n# c\n --mo\"unt\"=x y", "ONBUILD RUN --mount=x y",
        "ONBUILD \\\n run --mount=x"}) {
    EXPECT_TRUE(read("FROM a\n" + std::string(text)).mounts) << text;
  }
  EXPECT_FALSE(read("FROM a\nRUN mount x\nLABEL x=--mount").mounts) << "the control";
}

TEST(Dockerfile, WhatTheEngineFetches) {
  for (const std::string_view source : {"http://h/x", "\"http://h/x\"", "h\\ttps://x", "$X",
                                        "ht${X}", "git@h:x", "[\"ftp://h/x\", \"/y\"]"}) {
    EXPECT_FALSE(read("FROM a\nADD " + std::string(source) + " /y").remote.empty()) << source;
    EXPECT_FALSE(read("FROM a\nONBUILD ADD " + std::string(source) + " /y").remote.empty());
  }
  for (const std::string_view source : {"a", "./$X", "root-$V.tar", "[\"a b\", \"/y\"]"}) {
    EXPECT_TRUE(read("FROM a\nADD " + std::string(source) + " /y").remote.empty()) << source;
  }
  EXPECT_TRUE(read("FROM a\nCOPY $X /y").remote.empty());
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
