// System call filters as data: read, write, compile, apply. Linux, x86-64 and arm64.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "cordon/error.h"

namespace cordon {

enum class SeccompAction {
  KillProcess,
  KillThread,
  Trap,   // SIGSYS
  Errno,  // the call fails with SeccompRule::error
  Trace,  // asks a tracer; ENOSYS without one
  Log,    // allowed, and logged
  Allow,
};

// How an argument, as 64 bits without a sign, is compared with SeccompCondition::value. The kernel
// takes an int from the low 32 bits: a filter that compares all 64 is passed by a call with one
// high bit set. MaskedEqual with the mask 0xffffffff compares what the kernel looks at.
enum class SeccompComparison {
  Equal,
  NotEqual,
  Less,
  LessOrEqual,
  Greater,
  GreaterOrEqual,
  MaskedEqual,  // (argument & mask) == value
};

struct SeccompCondition {
  unsigned argument = 0;  // 0 to 5
  SeccompComparison comparison = SeccompComparison::Equal;
  std::uint64_t value = 0;
  std::uint64_t mask = 0;  // MaskedEqual only

  bool operator==(const SeccompCondition&) const = default;
};

struct SeccompRule {
  std::vector<std::string> names;  // as in "openat"
  SeccompAction action = SeccompAction::Allow;
  // Errno: the error number, 0 to 4095 (absent: EPERM). Trace: what the tracer is told, 0 to 65535.
  std::optional<std::uint32_t> error;
  std::vector<SeccompCondition> conditions;  // all must hold; at most one for each argument

  bool operator==(const SeccompRule&) const = default;
};

// Which answer a call gets: that of a rule that names it and whose conditions hold; else that of a
// rule that names it without conditions; else the default. The order of rules does not matter: two
// that could both decide, with different answers, are an error when the profile is used.
struct SeccompProfile {
  SeccompAction default_action = SeccompAction::KillProcess;
  std::optional<std::uint32_t> default_error;  // as SeccompRule::error
  // "SCMP_ARCH_X86_64". This machine's own is always included. Others count where this machine runs
  // their programs too (x86 and x32, arm); calls of those that are not listed kill the process.
  std::vector<std::string> architectures;
  std::vector<SeccompRule> rules;

  bool operator==(const SeccompProfile&) const = default;
};

// The profile of `cordon run`, for this machine's architecture: policies/seccomp.toml. Calls that
// are not listed fail with ENOSYS, so that libraries fall back to older ones. It is made for a
// sandbox with namespaces: on its own it allows ptrace(2) of, and signals to, the user's other
// processes.
//
//   auto profile = cordon::default_profile();
//   profile.rules.push_back({.names = {"ptrace"}, .action = cordon::SeccompAction::Errno});
//   // An error when used: ptrace is allowed already. Take it out of the rule that allows it.
SeccompProfile default_profile();

// What rules that depend on the container are weighed against: Docker's "includes" and "excludes".
// The kernel's version and the architecture are this machine's.
struct SeccompContext {
  std::vector<std::string> capabilities;  // the container has: "CAP_SYS_ADMIN". Empty: none
};

// Reads the JSON object of the OCI runtime specification ("linux.seccomp"), and Docker's form of it
// (archMap, includes, excludes, comment, name). As with runc, several conditions on one argument in
// one rule are alternatives. "flags" are accepted and have no effect: all threads get the filter,
// nothing is logged but by SCMP_ACT_LOG, and mitigations stay on. At most 1 MiB, 16 levels deep.
// Thread-safe.
//
// Errors: InvalidArgument, naming the field: malformed JSON, an unknown key, action, operator or
// architecture, a number out of range, a condition that can never hold, contradicting rules, a call
// that is answered both with and without conditions (runtimes differ in which wins),
// SCMP_ACT_NOTIFY.
//
//   auto profile = cordon::parse_seccomp_profile(text, {.capabilities = {"CAP_SYS_PTRACE"}});
//   if (!profile) return fail(profile.error().message());  // "syscalls[3].action: ..."
Result<SeccompProfile> parse_seccomp_profile(std::string_view json,
                                             const SeccompContext& context = {});

// The profile as JSON for any OCI runtime, indented by nothing. Runtimes let a rule without
// conditions win over those with; where a profile has both for one call, the same is said
// without overlap. Exactly the same calls are let through; where the default is a refusal too, some
// that are refused get its error number instead of their own. Everything else is read back as it
// was. Errors: InvalidArgument, as compile(); a call whose exceptions are too many to turn round.
//
//   auto json = cordon::to_oci_json(cordon::default_profile());
//   if (json) file << *json;  // docker run --security-opt seccomp=FILE
Result<std::string> to_oci_json(const SeccompProfile& profile);

struct SeccompProgram {
  // Instructions of classic BPF, 8 bytes each (struct sock_filter), in this machine's byte order;
  // what seccomp(2) and `bwrap --seccomp FD` take. At most 4096 instructions.
  std::vector<std::uint8_t> bytes;
  // Names that the libseccomp inside does not know. They get the default answer; where that is
  // weaker than the one the profile has for them, compile() fails instead.
  std::vector<std::string> unknown;
};

// Errors: InvalidArgument: contradicting rules, numbers out of range, an unknown name that was to
// be refused where the default allows, a profile of more than 4096 instructions. Thread-safe. Takes
// about a millisecond for the default profile.
//
//   auto program = cordon::compile(cordon::default_profile());
//   write(fd, program->bytes.data(), program->bytes.size());
Result<SeccompProgram> compile(const SeccompProfile& profile);

// Puts a filter on every thread of the process (TSYNC) and on what they start from now on, and sets
// no_new_privs. Cannot be undone; further filters can only take away more. Not async-signal-safe:
// for a child between fork and exec, compile before the fork and apply the program there.
//
// Errors: of compile(); Unsupported where the kernel has no filters; PermissionDenied where another
// thread has a filter of its own that this one cannot be added to (nothing is changed then).
//
//   if (auto done = cordon::apply(cordon::default_profile()); !done) {
//     return fail(done.error().message());
//   }
Result<void> apply(const SeccompProfile& profile);
// The same with a finished program. Allocates nothing unless it fails. Errors: Unsupported and
// PermissionDenied as above; InvalidArgument for bytes that are no filter.
//
//   auto program = cordon::compile(profile);
//   if (!program) return fail(program.error().message());
//   if (const pid_t child = fork(); child == 0) {
//     if (!cordon::apply(*program)) _exit(126);
//     execl("/usr/bin/make", "make", nullptr);
//     _exit(127);
//   }
Result<void> apply(const SeccompProgram& program);

std::string_view to_string(SeccompAction action);          // "SCMP_ACT_ERRNO"
std::string_view to_string(SeccompComparison comparison);  // "SCMP_CMP_MASKED_EQ"

}  // namespace cordon
