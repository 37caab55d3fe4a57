// Finding out whether gVisor's KVM platform works here: by running sandboxes on it.
#pragma once

#include "cordon/error.h"
#include "gvisor/kvm_record.h"
#include "gvisor/platform.h"
#include "gvisor/runsc.h"
#include "native/host.h"

namespace cordon::gvisor {

// Runs a few sandboxes, each with several processes, as every run does, and ends those that do not
// answer in time, with all that is in them. Takes at most about two seconds for one that hangs.
// Errors: nothing was learned of KVM.
Result<KvmVerdict> try_kvm(native::Host& host, const Runsc& runsc);

// What is known, or else what a trial says, which is recorded. Without a place for that no trial is
// made, unless KVM is demanded: each run would pay for one.
KvmVerdict ask_kvm(native::Host& host, const Runsc& runsc, EarlierNo earlier);

}  // namespace cordon::gvisor
