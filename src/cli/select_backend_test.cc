#include "cli/select_backend.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sandbox/testing/fake_backend.h"

namespace cordon::cli {
namespace {

using ::testing::HasSubstr;

class SelectBackend : public ::testing::Test {
 protected:
  SelectBackend() {
    backends_[0] = std::make_unique<testing::FakeBackend>("native", Tier::Light);
    backends_[1] = std::make_unique<testing::FakeBackend>("box", Tier::Container);
  }

  std::string chosen(std::optional<Tier> tier, std::string backend) {
    RunOptions options;
    options.tier = tier;
    options.backend = std::move(backend);
    const auto selected = select_backend(backends_, options);
    return selected ? std::string((*selected)->name()) : selected.error().message();
  }

  std::unique_ptr<Backend> backends_[2];
};

TEST_F(SelectBackend, TakesTheFirstThatFits) {
  EXPECT_EQ(chosen({}, ""), "native");
  EXPECT_EQ(chosen(Tier::Light, ""), "native");
  EXPECT_EQ(chosen(Tier::Container, ""), "box");
  EXPECT_EQ(chosen({}, "box"), "box");
  EXPECT_EQ(chosen(Tier::Container, "box"), "box");
}

TEST_F(SelectBackend, NeverTakesAWeakerTier) {
  for (const Tier tier : {Tier::Gvisor, Tier::Strong}) {
    const std::string message = chosen(tier, "");
    EXPECT_THAT(message, HasSubstr(std::string("tier ") + std::string(to_string(tier))));
    EXPECT_THAT(message, HasSubstr("native (tier light), box (tier container)"));
  }
  EXPECT_THAT(chosen(Tier::Container, "native"), HasSubstr("no native backend of tier container"));
}

TEST_F(SelectBackend, NamesWhatThereIs) {
  EXPECT_THAT(chosen({}, "magic"), HasSubstr("--backend magic: no such backend; this build has"));
}

}  // namespace
}  // namespace cordon::cli
