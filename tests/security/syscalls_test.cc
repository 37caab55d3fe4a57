// Kernel surface that no sandboxed program needs.
#include "security/attack.h"

namespace cordon::test {
namespace {

struct Call {
  const char* name;
  Arguments guest;
};

void PrintTo(const Call& call, std::ostream* stream) { *stream << call.name; }

const std::vector<Call>& calls() {
  static const std::vector<Call> list{
      {"IoUring", {"io_uring"}},
      {"Bpf", {"bpf"}},
      {"PerfEvents", {"perf"}},
      {"Userfaultfd", {"userfaultfd_open"}},
      {"Keyctl", {"keyctl_session"}},
      {"AddKey", {"add_key_session"}},
      {"RequestKey", {"request_key_user"}},
      {"KexecLoad", {"kexec"}},
      {"InitModule", {"init_module"}},
      {"Reboot", {"reboot_call"}},
      {"Swapon", {"swap_on"}},
      {"IoPorts", {"io_ports"}},
      {"ModifyLdt", {"local_descriptor_table"}},
      {"SetClock", {"set_clock"}},
      {"Personality", {"personality_bits"}},
      {"OpenByHandle", {"open_by_handle", "."}},
      {"X32", {"x32_call"}},
      {"Int80", {"int80_call"}},
      {"UnshareUser", {"unshare_user"}},
      {"UnshareUserThenMount", {"unshare_user_mount", "/tmp"}},
      {"CloneNewuser", {"clone_newuser"}},
      {"Clone3Newuser", {"clone3_newuser"}},
      {"MountApi", {"mount_api"}},
      {"OpenTreeClone", {"open_tree_clone"}},
      {"SocketAlg", {"socket_family", "alg"}},
      {"SocketVsock", {"socket_family", "vsock"}},
      {"SocketPacket", {"socket_family", "packet"}},
      {"SocketAudit", {"socket_family", "audit"}},
      {"SocketNetfilter", {"socket_family", "netfilter"}},
      {"SocketRaw", {"socket_family", "raw"}},
      {"SocketBluetooth", {"socket_family", "bluetooth"}},
      {"SocketCan", {"socket_family", "can"}},
  };
  return list;
}

class ForbiddenCall : public AttackTest,
                      public ::testing::WithParamInterface<std::tuple<Caller, Call>> {
 protected:
  void SetUp() override { prepare(std::get<Caller>(GetParam())); }
};

TEST_P(ForbiddenCall, IsRefused) {
  expect_contained({.guest = std::get<Call>(GetParam()).guest, .guarantee = "syscalls"});
}

INSTANTIATE_TEST_SUITE_P(Native, ForbiddenCall,
                         ::testing::Combine(all_callers(), ::testing::ValuesIn(calls())),
                         [](const auto& info) {
                           return name_of(std::get<Caller>(info.param)) +
                                  std::get<Call>(info.param).name;
                         });

class Syscalls : public EveryAttack {};

TEST_P(Syscalls, TheFilterHoldsInChildrenToo) {
  const Outcome outcome = sandbox({}, {"sh", "-c", guest() + " io_uring; " + guest() + " bpf"});
  EXPECT_EQ(outcome.out.find("ESCAPED"), std::string::npos) << describe(outcome);
  EXPECT_NE(outcome.out.find("contained"), std::string::npos) << describe(outcome);
}

INSTANTIATE_TEST_SUITE_P(Native, Syscalls, all_callers(), caller_name);

}  // namespace
}  // namespace cordon::test
