// From the rules of a policy to the tree that a gVisor sandbox shows: mounts of the kernel below
// place::kRootfs, made by the launch as for the native backend, and mounts of gVisor's own on top.
#pragma once

#include <string>
#include <vector>

#include "cordon/error.h"
#include "linux/plan.h"
#include "native/rules.h"
#include "sandbox/unheld_names.h"

namespace cordon::gvisor {

struct Mount {
  enum class Kind {
    Scratch,  // private, empty, writable: in the memory of gVisor's kernel, and in its checkpoints
    Host,     // part of the tree; looked at anew each time, for others write there, too
  };
  Kind kind = Kind::Scratch;
  std::string path;

  bool operator==(const Mount&) const = default;
};

struct Files {
  std::vector<Mount> mounts;  // parents before children
  UnheldNames unheld;
};

// Errors: InvalidArgument: a rule that would put something where gVisor has its own (/proc, /sys,
// /dev).
Result<Files> files_of(const native::RuleSet& rules);

// The steps of a native plan, with place::kRootfs in the role of the new root. Steps that are about
// the root itself, the terminal and the host name are left out.
void add_below_rootfs(const linux_os::StepList& native, linux_os::StepList& steps);

}  // namespace cordon::gvisor
