#include "sandbox/choose_backend.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <utility>

namespace cordon {
namespace {

using ::testing::HasSubstr;

class Fake final : public Backend {
 public:
  Fake(std::string name, Tier tier, bool images)
      : name_(std::move(name)), tier_(tier), images_(images) {}
  std::string_view name() const override { return name_; }
  Tier tier() const override { return tier_; }
  Capabilities capabilities() const override { return {.images = images_}; }
  Result<void> supported() const override { return {}; }
  Result<std::unique_ptr<Sandbox>> create(const SandboxSpec&) override { return nullptr; }

 private:
  std::string name_;
  Tier tier_;
  bool images_;
};

std::vector<std::unique_ptr<Backend>> both() {
  std::vector<std::unique_ptr<Backend>> backends;
  backends.push_back(std::make_unique<Fake>("files", Tier::Light, false));
  backends.push_back(std::make_unique<Fake>("images", Tier::Container, true));
  return backends;
}

std::string chosen(const std::vector<std::unique_ptr<Backend>>& backends,
                   const ExecutionRequest& request) {
  const auto backend = choose_backend(backends, request);
  return backend ? std::string((*backend)->name()) : backend.error().message();
}

TEST(ChooseBackend, AnImageTellsWhereNothingIsNamed) {
  const auto backends = both();
  ExecutionRequest request;
  EXPECT_EQ(chosen(backends, request), "files");
  request.image = "debian";
  EXPECT_EQ(chosen(backends, request), "images");
}

TEST(ChooseBackend, ANameOrATierStandsWhateverTheImage) {
  const auto backends = both();
  ExecutionRequest request;
  request.tier = Tier::Container;
  EXPECT_EQ(chosen(backends, request), "images") << "the backend says what it lacks";
  request.tier.reset();
  request.image = "debian";
  request.backend = "files";
  EXPECT_EQ(chosen(backends, request), "files") << "and that it takes no image";
}

TEST(ChooseBackend, OfATierThatHasBothTheImageTells) {
  auto backends = both();
  backends.push_back(std::make_unique<Fake>("images-too", Tier::Light, true));
  ExecutionRequest request;
  request.tier = Tier::Light;
  EXPECT_EQ(chosen(backends, request), "files");
  request.image = "debian";
  EXPECT_EQ(chosen(backends, request), "images-too");
  request.tier.reset();
  EXPECT_EQ(chosen(backends, request), "images");
}

TEST(ChooseBackend, NobodyTakesTheImage) {
  auto backends = both();
  backends.pop_back();
  ExecutionRequest request;
  request.image = "debian";
  EXPECT_THAT(chosen(backends, request), HasSubstr("for the image debian"));
  EXPECT_THAT(chosen(backends, request), HasSubstr("there is files (light)"));
}

}  // namespace
}  // namespace cordon
