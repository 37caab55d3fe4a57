#include "devenv/build_walls.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace cordon::devenv {
namespace {

using ::testing::HasSubstr;

std::string said(const Result<void>& result) { return result ? "fine" : result.error().message(); }

Dockerfile read(std::string_view text) { return *read_dockerfile(text, {}, {}); }

TEST(BuildWalls, MountsAreRefusedOnPodman) {
  const Dockerfile file = read("FROM a\nRUN --mount=type=bind,target=/m x");
  EXPECT_THAT(said(check_walls({.podman = true}, file)), HasSubstr("--mount"));
  EXPECT_EQ(said(check_walls({.podman = false}, file)), "fine") << "Docker refuses them itself";
  EXPECT_EQ(said(check_walls({.podman = true}, read("FROM a\nRUN x"))), "fine") << "the control";
}

TEST(BuildWalls, WithoutANetworkNothingIsFetched) {
  const Dockerfile file = read("FROM a\nADD http://127.0.0.1/x /y");
  EXPECT_THAT(said(check_walls({.words = {.network = "--net open"}}, file)),
              HasSubstr("--net open gives"));
  EXPECT_EQ(said(check_walls({.network = NetworkMode::Open}, file)), "fine") << "the control";
}

TEST(BuildWalls, ImagesBringInstructionsWithThem) {
  const auto image = [](std::string trigger) {
    engine::Image image;
    image.on_build = {"RUN x", std::move(trigger)};
    return image;
  };
  EXPECT_THAT(said(check_walls({.podman = true}, image("RUN --mount=x y"))), HasSubstr("--mount"));
  EXPECT_THAT(said(check_walls({}, image("ADD http://h/x /y"))), HasSubstr("fetch"));
  EXPECT_THAT(said(check_walls({}, image("COPY --from=evil /x /y"))), HasSubstr("ONBUILD"));
  EXPECT_EQ(said(check_walls({.podman = true}, image("COPY . /x"))), "fine") << "the control";
}

}  // namespace
}  // namespace cordon::devenv
