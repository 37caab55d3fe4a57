#include "policy/required_guarantees.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace cordon {
namespace {

using testing::HasSubstr;

const Guarantees kHeld = {{"privileges", Strength::Enforced, "user namespace", ""},
                          {"disk.limit", Strength::Partial, "tmpfs size", "each file is bounded"},
                          {"memory.limit", Strength::Absent, "", "the policy sets none"}};

Error refusal(const std::string& name) {
  const auto checked = check_required(std::vector{std::string("privileges"), name}, kHeld);
  return checked ? Error{} : checked.error();
}

TEST(RequiredGuarantees, AreEnforcedOrTheRunFails) {
  EXPECT_TRUE(check_required({}, {}));
  EXPECT_TRUE(check_required(std::vector<std::string>{"privileges"}, kHeld));
  EXPECT_EQ(refusal("disk.limit").code, ErrorCode::Degraded);
  EXPECT_THAT(refusal("disk.limit").message(), HasSubstr("disk.limit"));
  EXPECT_THAT(refusal("disk.limit").message(), HasSubstr("partial"));
  EXPECT_THAT(refusal("disk.limit").message(), HasSubstr("each file is bounded"));
  EXPECT_THAT(refusal("memory.limit").message(), HasSubstr("absent"));
  // What nobody reports does not hold.
  EXPECT_THAT(refusal("syscalls").message(), HasSubstr("absent"));
}

TEST(RequiredGuarantees, AnUnknownNameIsRefused) {
  EXPECT_EQ(refusal("syscals").code, ErrorCode::InvalidArgument);
  EXPECT_THAT(refusal("syscals").message(), HasSubstr("did you mean syscalls?"));
  EXPECT_THAT(refusal("everything").message(), HasSubstr("there is filesystem.read"));
  for (const auto name : guarantee::kAll) {
    EXPECT_TRUE(check_guarantee_name(std::string(name))) << name;
  }
}

}  // namespace
}  // namespace cordon
