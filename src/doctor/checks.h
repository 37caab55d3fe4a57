// One judgement each: from what was read and tried to a state, words, and a remedy. Private to
// probe.cc and its tests.
#pragma once

#include "doctor/attempts.h"
#include "doctor/report.h"
#include "linux/caller.h"
#include "linux/proc_file.h"

namespace cordon::doctor {

// What several checks look at.
struct Host {
  linux_os::HostRoot root;
  linux_os::Caller caller;
  linux_os::ContainerKind container = linux_os::ContainerKind::None;
  std::string kernel_release;
};

// kernel_checks.cc
Check check_kernel(const Host& host);
Check check_landlock(const Host& host, const LandlockAttempt& attempt);
Check check_seccomp(const Host& host, int seccomp_error);
Check check_no_new_privileges(int no_new_privs);
Check check_executable_memfd(const Host& host);
Check check_cgroups(const cgroup::Support& support);
Check check_kvm(const Host& host, const KvmAttempt& attempt);

// confinement_checks.cc
Check check_user_namespaces(const Host& host, const linux_os::NamespaceTrial& trial);
Check check_root_directory(const Host& host, const linux_os::NamespaceTrial& trial);
Check check_proc_mount(const Host& host, const linux_os::NamespaceTrial& trial);
Check check_apparmor(const Host& host, const linux_os::NamespaceTrial& trial);
Check check_selinux(const Host& host, const linux_os::NamespaceTrial& trial);

}  // namespace cordon::doctor
