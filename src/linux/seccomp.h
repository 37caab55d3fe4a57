// System call filters, compiled at build time from policies/seccomp.toml through libseccomp: a run
// pays for loading a finished program only.
#pragma once

#include <linux/filter.h>

#include <span>

#include "cordon/policy.h"

namespace cordon::seccomp {

enum class Sockets {
  Internet,  // AF_UNIX, AF_INET, AF_INET6, route netlink
  UnixOnly,  // where no network namespace holds the network, the socket families do
};

// A classic BPF program for this machine's architecture, valid for the life of the process. One
// filter holds both the allow list and the argument checks. Calls of a foreign architecture (i386,
// x32) kill.
std::span<const sock_filter> filter(NestedNamespaces nested, Sockets sockets);

// Which calls about names go to the guard's broker (guard/broker.h) instead of the kernel.
enum class Guarded {
  Making,    // what makes, moves or opens a name for writing
  Removing,  // and what removes one
  Opening,   // and every open
};

// As filter(NestedNamespaces::Refused, Sockets::Internet), for a sandbox with a guard. It must be
// loaded with a listener.
std::span<const sock_filter> guarded_filter(Guarded level);

// Whether the kernel takes a filter with a listener whose caller waits for the answer even when
// signals arrive (5.19): without that a call could be made twice. Costs one system call.
bool guard_supported();

}  // namespace cordon::seccomp
