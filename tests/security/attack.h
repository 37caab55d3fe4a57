// An attack is made twice: in a sandbox, where it must fail, and without the protection, where the
// same attempt must succeed. Without the second half the first would prove nothing.
#pragma once

#include <string>

#include "support/callers.h"

namespace cordon::test {

struct Attack {
  Arguments guest;               // name and arguments
  std::string guarantee;         // the protection that claims to hold it
  Arguments options = {};        // of the sandbox
  Arguments opened = {};         // options that take this one protection away; empty: runs plainly
  Arguments control_guest = {};  // when the control must name something else, a host's pid say
};

class AttackTest : public CallerTest {
 protected:
  // The sandbox first: what a control changes must not help it.
  void expect_contained(const Attack& attack);
  void in_sandbox(const Attack& attack) const;
  void control(const Attack& attack);

  // A process of the caller's, outside.
  Running& victim();

 private:
  std::unique_ptr<Running> victim_;
};

class EveryAttack : public AttackTest, public ::testing::WithParamInterface<Caller> {
 protected:
  void SetUp() override { prepare(GetParam()); }
};

}  // namespace cordon::test
