// What is known of KVM without trying it, and the record of what a trial came to.
#pragma once

#include <chrono>
#include <optional>
#include <string>

#include "core/unique_fd.h"
#include "gvisor/platform.h"
#include "gvisor/runsc.h"

namespace cordon::gvisor {

enum class EarlierNo {
  Believed,
  TriedAgain,  // for who demands KVM: it may have been mended since
};

// Of one caller, one runsc, one device, until the machine starts anew.
class KvmRecord {
 public:
  // Below `state_dir`, which default_state_dir() names.
  KvmRecord(const std::string& state_dir, const Runsc& runsc);

  const std::string& path() const { return path_; }

  // Absent: nothing was tried, or something else was, or somebody else could have written it.
  std::optional<KvmVerdict> read() const;

  // Whose turn it is to try: one at a time, for trials beside each other are slow, and look as if
  // they hung. It ends when the descriptor is closed. Errors: Conflict: others took longer than
  // `patience`; PermissionDenied: others could write there; errno's: there is no place for it.
  Result<UniqueFd> take_turn(std::chrono::milliseconds patience) const;

  // In a turn.
  Result<void> write(const KvmVerdict& verdict) const;

 private:
  std::string directory_;
  std::string path_;
  std::string about_;  // one line
};

// Absent: only a trial tells.
std::optional<KvmVerdict> known_of_kvm(const KvmRecord& record, EarlierNo earlier);

// The record for this caller, in this environment.
KvmRecord own_kvm_record(const Runsc& runsc);

}  // namespace cordon::gvisor
