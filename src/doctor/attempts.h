// What can only be found out by doing it. Everything here leaves the host and the caller as they
// were.
#pragma once

#include "linux/user_namespaces.h"

namespace cordon::doctor {

struct LandlockAttempt {
  int abi = 0;
  int error = 0;
};

enum class KvmStep { Open, Version, CreateMachine, Done };

struct KvmAttempt {
  KvmStep reached = KvmStep::Open;
  int error = 0;
  int api_version = 0;
};

struct Attempts {
  linux_os::NamespaceTrial namespaces;
  LandlockAttempt landlock;
  KvmAttempt kvm;
  int seccomp_error = 0;  // of loading a filter that is not there: EFAULT says filters are known
  int no_new_privs = 0;   // as prctl(2) answers: 0 or 1; -1 when it is not known
};

LandlockAttempt try_landlock();
KvmAttempt try_kvm();
int try_seccomp();  // Attempts::seccomp_error

Attempts make_attempts();

}  // namespace cordon::doctor
