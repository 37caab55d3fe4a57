#include "security/attack.h"

#include <signal.h>
#include <unistd.h>

namespace cordon::test {

void AttackTest::in_sandbox(const Attack& attack) const {
  const boost::json::object result = json_guest(attack.options, attack.guest);
  const std::string shown = boost::json::serialize(result);
  const bool killed_by_filter = number(result, "signal") == SIGSYS;
  const bool contained = number(result, "exit_code") == 0 &&
                         text(result, "stdout").find("contained") != std::string::npos;
  if (killed_by_filter || contained) return;
  // Where namespaces are forbidden not everything can be held; but then nobody may claim that it
  // is.
  const std::string claimed = strength(result, attack.guarantee);
  EXPECT_TRUE(caller() == Caller::Degraded && (claimed == "partial" || claimed == "absent"))
      << attack.guest.front() << " was not contained, and " << attack.guarantee << " is said to be "
      << claimed << ": " << shown;
}

void AttackTest::control(const Attack& attack) {
  const Arguments& guest = attack.control_guest.empty() ? attack.guest : attack.control_guest;
  Outcome outcome =
      attack.opened.empty() ? plain_guest(guest) : sandbox_guest(attack.opened, guest);
  if (outcome.exit_code == 42) return;
  // An ordinary user may be too weak for the attempt on any host; that the guest works, root can
  // show.
  if (geteuid() == 0) {
    Invocation as_root = plain_invocation(guest_command(guest));
    as_root.identity = Identity::Own;
    outcome = run(as_root);
    if (outcome.exit_code == 42) return;
  }
  ASSERT_EQ(outcome.exit_code, 0) << describe(outcome);
  if (geteuid() != 0) CORDON_SKIP("needs root: the control of " + guest.front());
  std::string name = guest.front();
  if (name == "socket_family") name += " " + guest.at(1);
  CORDON_SKIP("no control: the host itself refuses " + name + ": " + outcome.out);
}

void AttackTest::expect_contained(const Attack& attack) {
  in_sandbox(attack);
  if (!HasFailure()) control(attack);
}

Running& AttackTest::victim() {
  if (!victim_) {
    victim_ = std::make_unique<Running>(plain_invocation(guest_command({"pause_forever"})));
    EXPECT_NE(victim_->read_until("ready").find("ready"), std::string::npos);
  }
  return *victim_;
}

}  // namespace cordon::test
