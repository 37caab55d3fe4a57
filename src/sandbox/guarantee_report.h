// What every backend's report of its guarantees says in the same words.
#pragma once

#include <string>
#include <string_view>

#include "cordon/guarantees.h"
#include "cordon/policy.h"
#include "sandbox/unheld_names.h"

namespace cordon {

class GuaranteeReport {
 public:
  // `enforcer` stands before each mechanism: "docker: Docker 20.10".
  explicit GuaranteeReport(std::string enforcer) : enforcer_(std::move(enforcer)) {}

  void add(std::string_view name, Strength strength, std::string_view mechanism,
           std::string reason = {});
  // `why` it is not held; `remark` on one that is.
  void limit(std::string_view name, bool asked, bool held, std::string_view mechanism,
             std::string why, std::string remark = {});
  // For walls that are mounts. `remark` on how;
  // `besides`: what else they do not hold.
  void filesystem_read(std::string_view mechanism, const UnheldNames& unheld,
                       std::string remark = {});
  void filesystem_write(std::string_view mechanism, const UnheldNames& unheld,
                        std::string_view besides = {});
  // For scratch space in memory, and a work directory whose files alone are bounded.
  // `besides`: what else it does not bound.
  void disk_limit(const Limits& limits, std::string_view besides = {});

  Guarantees take() { return std::move(list_); }

 private:
  std::string enforcer_;
  Guarantees list_;
};

// Of every sandbox on gVisor: a command there may make a user namespace.
inline constexpr std::string_view kUsersOfGvisor =
    "capabilities in a user namespace that the command makes count in gVisor's kernel alone";

// All of them absent, for this reason.
Guarantees no_guarantees(std::string_view reason);

}  // namespace cordon
