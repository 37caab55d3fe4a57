#include "manager/admission.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "manager/testing/fixture.h"

namespace cordon {
namespace {

using testing::FakeBackend;
using ::testing::HasSubstr;
using testing::script;

class AdmissionTest : public ::testing::Test {
 protected:
  SharedExecution execution(const std::string& id, Caller caller) {
    PreparedRequest prepared;
    prepared.request = script("true");
    prepared.backend = &backend_;
    return std::make_shared<ManagedExecution>(id, std::move(caller), std::move(prepared),
                                              std::nullopt);
  }
  static std::string ids(const std::vector<SharedExecution>& executions) {
    std::string text;
    for (const auto& one : executions) text += one->id() + " ";
    return text;
  }

  FakeBackend backend_;
};

TEST_F(AdmissionTest, CallersTakeTurnsWhateverTheyHandIn) {
  Admission admission({.running = 1, .queued = 100});
  auto running = execution("first", {.name = "greedy"});
  ASSERT_EQ(*admission.enter(running), Admission::Turn::Now);
  for (const auto* id : {"g1", "g2", "g3", "g4"}) {
    ASSERT_EQ(*admission.enter(execution(id, {.name = "greedy"})), Admission::Turn::Later);
  }
  for (const auto* id : {"a1", "a2"}) {
    ASSERT_EQ(*admission.enter(execution(id, {.name = "modest"})), Admission::Turn::Later);
  }
  std::string order;
  for (auto now = admission.leave(*running); !now.empty(); now = admission.leave(*running)) {
    ASSERT_EQ(now.size(), 1U);
    running = now.front();
    order += running->id() + " ";
  }
  EXPECT_EQ(order, "g1 a1 g2 a2 g3 g4 ");
  EXPECT_EQ(admission.counts().running, 0U);
  EXPECT_EQ(admission.counts().queued, 0U);
}

TEST_F(AdmissionTest, ACallersQuotasHoldAndOthersAreServed) {
  Admission admission({.running = 10, .queued = 100});
  const Caller limited = {.name = "limited", .max_running = 1, .max_queued = 1};
  const auto first = execution("l1", limited);
  ASSERT_EQ(*admission.enter(first), Admission::Turn::Now);
  ASSERT_EQ(*admission.enter(execution("l2", limited)), Admission::Turn::Later);
  const auto refused = admission.enter(execution("l3", limited));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::QuotaExceeded);
  EXPECT_THAT(refused.error().message(), HasSubstr("1 of yours run and 1 wait"));
  const auto other = execution("o1", {.name = "other"});
  ASSERT_EQ(*admission.enter(other), Admission::Turn::Now);
  EXPECT_EQ(ids(admission.leave(*other)), "");
  EXPECT_EQ(ids(admission.leave(*first)), "l2 ");
  EXPECT_EQ(admission.counts().refused_quota, 1U);
}

TEST_F(AdmissionTest, TheConfigurationsQuotasAreForThoseWithoutTheirOwn) {
  Admission admission(
      {.running = 10, .queued = 100, .running_per_caller = 1, .queued_per_caller = 0});
  ASSERT_TRUE(admission.enter(execution("a1", {.name = "a"})));
  EXPECT_EQ(admission.enter(execution("a2", {.name = "a"})).error().code, ErrorCode::QuotaExceeded);
  const Caller special = {.name = "b", .max_running = 2};
  ASSERT_TRUE(admission.enter(execution("b1", special)));
  EXPECT_EQ(*admission.enter(execution("b2", special)), Admission::Turn::Now);
}

TEST_F(AdmissionTest, AFullQueueIsUnavailableForEverybody) {
  Admission admission({.running = 1, .queued = 1});
  ASSERT_TRUE(admission.enter(execution("a1", {.name = "a"})));
  ASSERT_TRUE(admission.enter(execution("a2", {.name = "a"})));
  const auto refused = admission.enter(execution("b1", {.name = "b"}));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::Unavailable);
  EXPECT_EQ(admission.counts().refused_unavailable, 1U);
  EXPECT_EQ(admission.counts().queued, 1U);
}

TEST_F(AdmissionTest, OneThatIsWithdrawnIsNotServed) {
  Admission admission({.running = 1, .queued = 10});
  const auto running = execution("a1", {.name = "a"});
  const auto waiting = execution("a2", {.name = "a"});
  ASSERT_TRUE(admission.enter(running));
  ASSERT_TRUE(admission.enter(waiting));
  EXPECT_TRUE(admission.withdraw(*waiting));
  EXPECT_FALSE(admission.withdraw(*waiting));
  EXPECT_FALSE(admission.withdraw(*running));
  EXPECT_EQ(ids(admission.leave(*running)), "");
}

TEST_F(AdmissionTest, ClosedItTakesNobodyAndGivesBackThoseThatWait) {
  Admission admission({.running = 1, .queued = 10});
  const auto running = execution("a1", {.name = "a"});
  ASSERT_TRUE(admission.enter(running));
  ASSERT_TRUE(admission.enter(execution("a2", {.name = "a"})));
  ASSERT_TRUE(admission.enter(execution("b1", {.name = "b"})));
  EXPECT_EQ(ids(admission.close()), "a2 b1 ");
  EXPECT_EQ(admission.enter(execution("c1", {.name = "c"})).error().code, ErrorCode::Unavailable);
  EXPECT_EQ(ids(admission.leave(*running)), "");
}

}  // namespace
}  // namespace cordon
