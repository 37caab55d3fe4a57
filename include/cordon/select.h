// From an isolation level to a backend: what a caller asks for when it names no backend.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "cordon/error.h"
#include "cordon/execution.h"
#include "cordon/tier.h"

namespace cordon {

enum class OperatingSystem { Linux, MacOs, Windows, Other };

std::string_view to_string(OperatingSystem system);

// One thing a backend needs of the host.
struct HostFact {
  enum class State {
    No,
    Yes,
    Unknown,  // costs too much to find out ahead: the backend says it itself when it is used
  };
  State state = State::No;
  std::string detail;  // what is there, or what is missing; may be empty
  std::string remedy;  // the one command that unlocks it; empty when none is known
};

// What selection looks at. A value: a test, or a program that plans for another host, fills it in.
struct HostFacts {
  OperatingSystem system = OperatingSystem::Linux;
  HostFact user_namespaces;  // they can be made, mapped and mounted in
  HostFact landlock;         // ABI 2 or newer: file rules that allow renames
  HostFact seccomp;          // system call filters
  HostFact docker;           // a daemon answers
  HostFact runsc;            // gVisor
  HostFact lxc;
  HostFact hypervisor;    // KVM, or what the system has in its place, makes machines
  HostFact qemu;          // the program that runs them
  HostFact sandbox_exec;  // macOS
  HostFact codex;         // Windows: the codex program's sandbox
};

// A backend that this build contains.
struct BackendInfo {
  std::string_view name;
  Tier tier = Tier::Light;
  bool images = false;  // as Capabilities::images
};

// The backends this build contains. Lives for ever. Thread-safe.
std::span<const BackendInfo> built_in_backends();

struct Selection {
  std::string backend;  // "native"; "none" for the level off
  Tier tier = Tier::Light;
  std::string reason;  // why this one, and what each one before it in the order lacked
};

// The backends that are strong enough for a level, in the order in which they are tried. The same
// table, with the reasons, is docs/selection.md. Empty for off, and where nothing is strong enough.
std::vector<std::string_view> selection_order(OperatingSystem system, IsolationLevel level);

// The first backend of the order that `built_in` contains and the host can run. Pure and
// thread-safe: no look at the host. Never one that is weaker than the level:
//
//   default    a process sandbox: its own files, processes, network, system call filter
//   enhanced   the same with a second, independent wall around the files (Landlock)
//   container  a container engine's wall, or more
//   maximum    a kernel of the guest's own between it and the host's
//   off        no sandbox. Only by this name: an unknown name is an error of
//              parse_isolation_level().
//
// With WeakerGuarantees::Accept the level default also takes a native sandbox without namespaces,
// held by Landlock and seccomp alone; other levels are not affected.
//
// Errors: Unsupported, naming for each backend of the order what it lacks; the remedy is what would
// unlock the first that this build contains.
//
//   cordon::HostFacts facts;
//   facts.user_namespaces.state = cordon::HostFact::State::Yes;
//   facts.seccomp.state = cordon::HostFact::State::Yes;
//   auto chosen = cordon::select_backend(cordon::IsolationLevel::Default, facts,
//                                        cordon::built_in_backends());
//   // chosen->backend == "native"
Result<Selection> select_backend(IsolationLevel level, const HostFacts& facts,
                                 std::span<const BackendInfo> built_in,
                                 WeakerGuarantees weaker = WeakerGuarantees::Refuse);

// The same for this host and this build. Looks at what the backends of this build need, which takes
// a few milliseconds and never more than half a second. Thread-safe. Errors: as above.
//
//   auto chosen = cordon::select_backend(cordon::IsolationLevel::Enhanced);
//   if (!chosen) return fail(chosen.error().message());  // what is missing, what would unlock it
//   request.backend = chosen->backend;
Result<Selection> select_backend(IsolationLevel level);

}  // namespace cordon
