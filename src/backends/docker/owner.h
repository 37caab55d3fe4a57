// Whose container it is: labels that say which process of which boot made it, so that what a killed
// Cordon left behind is found and removed.
#pragma once

#include <chrono>
#include <string>
#include <string_view>

#include "cordon/error.h"
#include "engine/client.h"
#include "engine/types.h"

namespace cordon::docker {

inline constexpr std::string_view kSandboxLabel = "io.cordon.sandbox";
inline constexpr std::string_view kOwnerLabel = "io.cordon.owner";

// "BOOT/NAMESPACE/PID/START": the boot of this host, the namespace in which the number of the
// process counts, and when it started. For what only this host can have.
std::string own_process_label();
// That and "/HOST", where this one has a name that others have not.
std::string own_owner_label();

enum class Owner { Alive, Dead, Elsewhere, Unknown };

// Elsewhere: of another host, which shares the engine with this one. Unknown: of another PID
// namespace; it cannot be looked up here. `local`: of a label that names no host, another boot is
// an earlier one of this host's.
Owner look_up_owner(std::string_view label, bool local);

// Whether it has the name that Cordon gave it, "cordon-ID" or that of an environment: containers
// have the labels of their images, too, but no image gives a name. ID: its label kSandboxLabel.
bool has_our_name(const engine::ContainerSummary& container);

// A name for a container of the environment that does not hold the environment's own name,
// "cordon-env-ID": one on its way there, or on its way out. It says whose it is for that time,
// whatever its labels say, which cannot be changed: one that is kept has no owner only as the
// holder of the name. Errors: those of make_id().
Result<std::string> name_aside(std::string_view environment);

// The value, or an empty one.
std::string_view label_of(const engine::Pairs& labels, std::string_view name);

// Whether nobody will need it: its owner is dead, or is this process, which never started it.
bool is_left(const engine::ContainerSummary& container, bool local,
             std::chrono::system_clock::time_point now = std::chrono::system_clock::now());

// Removes the containers, volumes and networks of owners that are dead, and ends their builds where
// the engine does not. Others' are never touched:
// containers that have a label, but no name of ours, are; images give volumes and networks none.
// Returns how many. Errors: the engine's; what was removed by then stays removed.
Result<int> reap_orphans(const engine::Client& client);
// The same beside a run, which waits for it no longer than two seconds: an engine may need many for
// a container that it cannot end. The next run goes on.
void reap_orphans_in_passing(const engine::Client& client);

}  // namespace cordon::docker
