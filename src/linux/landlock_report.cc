#include "linux/landlock_report.h"

#include <fmt/format.h>

#include <string>
#include <utility>

namespace cordon::landlock {

namespace {

constexpr int kTruncateAbi = 3;
constexpr int kTcpAbi = 4;
constexpr int kDeviceAbi = 5;
constexpr int kScopeAbi = 6;

Guarantee made(std::string_view name, Strength strength, std::string mechanism,
               std::string reason) {
  return {std::string(name), strength, std::move(mechanism), std::move(reason)};
}

}  // namespace

Guarantees guarantees(const Coverage& coverage) {
  const std::string mechanism = fmt::format("Landlock ABI {}", coverage.abi);
  const bool scopes = coverage.abi >= kScopeAbi;
  Guarantees list;
  list.push_back(made(guarantee::kFilesystemRead, Strength::Partial, mechanism,
                      "names and attributes of other files can be looked up"));
  list.push_back(made(guarantee::kFilesystemWrite, Strength::Partial, mechanism,
                      coverage.abi >= kTruncateAbi
                          ? "modes, times and attributes of the user's other files can be changed"
                          : "other files of the user can be truncated, their modes, times and "
                            "attributes changed"));
  if (!coverage.tcp) {
    list.push_back(made(guarantee::kNetworkEgress, Strength::Absent, {}, "TCP was left open"));
  } else if (coverage.abi >= kTcpAbi) {
    list.push_back(made(guarantee::kNetworkEgress, Strength::Partial, mechanism,
                        "TCP only: UDP and other protocols are not covered"));
  } else {
    list.push_back(made(guarantee::kNetworkEgress, Strength::Absent, {},
                        "this kernel's Landlock has no ports (ABI 4, Linux 6.7)"));
  }
  list.push_back(
      scopes ? made(guarantee::kIpcUnixAbstract, Strength::Enforced, mechanism + " scope", {})
             : made(guarantee::kIpcUnixAbstract, Strength::Absent, {},
                    "this kernel's Landlock has no scopes (ABI 6, Linux 6.12)"));
  std::string processes = "other processes can be seen in /proc";
  if (!scopes || !coverage.signals) processes += ", and those of the same user signalled";
  if (scopes && !coverage.signals) {
    processes +=
        ": threads that are restricted one by one could not signal each other on this "
        "kernel (Landlock erratum 2)";
  }
  list.push_back(made(guarantee::kProcessIsolation, Strength::Partial, mechanism + ": no ptrace",
                      std::move(processes)));
  list.push_back(
      coverage.abi >= kDeviceAbi
          ? made(guarantee::kDevices, Strength::Enforced, mechanism, {})
          : made(guarantee::kDevices, Strength::Partial, mechanism,
                 "ioctl on devices that are open or granted is not covered (ABI 5, Linux 6.10)"));
  return list;
}

Result<void> require_what_was_asked(const Coverage& coverage) {
  const char* lacks = nullptr;
  const char* kernel = nullptr;
  if (coverage.abi < kTruncateAbi) {
    lacks = "does not keep other files from being truncated";
    kernel = "boot Linux 6.2 or newer";
  }
  if (coverage.tcp && coverage.abi < kTcpAbi) {
    lacks = lacks ? "neither keeps other files from being truncated nor holds TCP"
                  : "does not hold TCP";
    kernel = "boot Linux 6.7 or newer";
  }
  if (lacks == nullptr) return {};
  return std::unexpected(Error{.code = ErrorCode::Degraded,
                               .operation = "restrict with Landlock",
                               .subject = {},
                               .sys_errno = 0,
                               .detail = fmt::format("ABI {} {}", coverage.abi, lacks),
                               .remedy = fmt::format("{}, or accept weaker guarantees", kernel)});
}

}  // namespace cordon::landlock
