#include "policy/default_policy.h"

#include "policy/root_sockets.h"

namespace cordon {

namespace {
#include "default_policy.inc"
}

DefaultPolicy default_policy() {
  return {k_system,
          k_denied,
          k_secret,
          k_protected,
          k_protected_in_git_worktree,
          k_unprotected,
          k_git_config,
          k_device,
          k_proc_read_only,
          k_proc_hidden,
          k_proc_hidden_directory,
          k_shared_place,
          k_forbidden_work_dir};
}

std::span<const DefaultEntry> root_sockets() { return k_root_socket; }

}  // namespace cordon
