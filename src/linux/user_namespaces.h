// Whether the caller can make user namespaces and work inside them, found out by doing it; and when
// not, what forbids it and which switch allows it.
#pragma once

#include <string>

#include "linux/proc_file.h"

namespace cordon::linux_os {

enum class NamespaceStep {
  Create,     // clone with every namespace the native backend uses
  MapIds,     // write uid_map and gid_map
  Mount,      // make the mounts private, mount a tmpfs
  MountProc,  // mount a procfs of the new PID namespace
  Done,
};

// How far a child got. `error` is the errno of the step that failed.
struct NamespaceTrial {
  NamespaceStep reached = NamespaceStep::Done;
  int error = 0;
};

struct UserNamespaceSupport {
  bool usable = false;
  std::string blocked_by;  // a sentence without its full stop; empty when usable
  std::string remedy;      // one command; empty when usable or when nothing is known to help
};

// Starts a child in new namespaces that mounts inside them and exits: about a millisecond. Nothing
// outside changes. Safe in a program with threads; sends the caller no SIGCHLD.
NamespaceTrial try_user_namespaces();

// What a trial means on the host that `root` describes.
UserNamespaceSupport explain_user_namespaces(const NamespaceTrial& trial,
                                             const HostRoot& root = {});
// The same for a fresh procfs, which containers forbid more often than the namespaces themselves.
UserNamespaceSupport explain_proc_mount(const NamespaceTrial& trial, const HostRoot& root = {});

// All of it in one: whether a sandbox with namespaces and its own /proc can be built, and if not,
// why. For a launch that was refused.
UserNamespaceSupport probe_user_namespaces();

}  // namespace cordon::linux_os
