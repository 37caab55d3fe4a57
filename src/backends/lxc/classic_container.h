// A running container of classic LXC (lxc-create, lxc-start), as the host's kernel shows it.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "cordon/error.h"
#include "docker/identity.h"
#include "lxc/files.h"
#include "lxc/settings.h"

namespace cordon::lxc {

struct ClassicContainer {
  std::string name;
  std::string attach;           // lxc-attach, with its path
  std::string containers;       // where the containers are; empty: where LXC has them
  pid_t first_process = 0;      // as the host counts
  bool user_namespace = false;  // its root is nobody here

  // argv of lxc-attach, for the program inside.
  std::vector<std::string> attach_words() const;
};

// Errors: Unsupported: there is no lxc-attach, the container does not run, or this user cannot look
// at it; Unavailable: LXC does not answer in time.
Result<ClassicContainer> find_container(const Settings& settings,
                                        std::chrono::milliseconds patience);

// The process of the line "PID: ..." of lxc-info; 0 where the container does not run.
pid_t pid_of_info(std::string_view text);

// Whether `map`, a /proc/PID/uid_map, has `id` as the same number on both sides.
bool maps_to_itself(std::string_view map, unsigned long id);

// Where a container has directories of the host: mounts of a file system that the host has mounted,
// too, but for the container's root. Both are a /proc/PID/mountinfo.
std::vector<std::string> places_of_host(std::string_view mountinfo, std::string_view of_host);

// As find_shown() of shared_instance.h. Errors besides: what is written would belong to another
// user.
Result<std::vector<std::pair<std::string, std::string>>> find_shown(
    const ClassicContainer& container, const docker::Identity& identity, Files& files);

}  // namespace cordon::lxc
