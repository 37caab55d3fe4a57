// Where Podman's compatible socket is not Docker's: what is asked in another way, and what it does
// not tell and the kernel is asked instead.
#pragma once

#include <sys/types.h>

#include <string>
#include <string_view>
#include <vector>

#include "cordon/error.h"
#include "docker/own_place.h"
#include "engine/types.h"

namespace cordon::docker {

// Errors: Unsupported: the service is an ordinary user's.
Result<void> check_is_roots(const engine::EngineInfo& info, std::string_view operation);

// Errors: Unsupported where a runtime is asked for, where the service is an ordinary user's, and
// where the container does not begin with a program of Cordon's that this process sees: before the
// command begins, nobody could look whether the masks are there.
Result<void> check_can_be_looked_at(const engine::EngineInfo& info,
                                    const engine::ContainerConfig& config);

// The same container in Podman's words, but for the text of a filter.
void word_for_podman(const engine::EngineInfo& info, engine::ContainerConfig& config);
// Podman wants the name of a file, which it reads while it makes the container.
Result<void> put_filter_into_file(const OwnPlace& place, engine::HostConfig& host);

// What Podman says that it made, in Docker's words. What it leaves out is taken as it was asked:
// open_in_mounts() and shared_namespaces() look at it when it runs.
engine::Container in_dockers_words(const engine::EngineInfo& info,
                                   const engine::ContainerConfig& asked, engine::Container given);

// The names of what Podman tells the command besides.
std::vector<std::string> added_variables(const engine::ContainerConfig& asked,
                                         const engine::ContainerConfig& given);

// What /proc/PID/mountinfo of a container's first process contradicts, in words: masks, read-only
// paths, scratch that runs nothing, and no other writable mount. `absent`: a path of /proc or /sys
// that this kernel does not have.
using IsAbsent = bool (*)(const std::string& path);
std::vector<std::string> open_in_mounts(std::string_view mountinfo, const engine::HostConfig& asked,
                                        IsAbsent absent);
bool is_absent_here(const std::string& path);

// The namespaces that the process has in common with this one, in words.
std::vector<std::string> shared_namespaces(pid_t pid, const engine::HostConfig& asked);

}  // namespace cordon::docker
