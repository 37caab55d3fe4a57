#include "linux/cgroup_reasons.h"

#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>

namespace cordon::cgroup {

namespace {

bool exists(const std::string& path) { return ::access(path.c_str(), F_OK) == 0; }

Controllers missing_from(const Support& support) {
  Controllers missing = 0;
  if (!support.memory) missing |= kMemory;
  if (!support.cpu) missing |= kCpu;
  if (!support.pids) missing |= kPids;
  if (!support.io) missing |= kIo;
  return missing;
}

std::string read_only(std::string_view what) {
  return fmt::format(
      "{} is mounted read-only, as containers have it: start the container with a writable one "
      "(docker run --privileged)",
      what);
}

// What an ordinary user can do, or ask for, where no cgroup is theirs.
std::string delegate(const std::string& prefix) {
  const auto user = ::geteuid();
  if (exists(fmt::format("{}/run/user/{}/systemd/private", prefix, user))) {
    return "start Cordon in a cgroup of your own: systemd-run --user --scope -p Delegate=yes "
           "cordon "
           "run ...";
  }
  if (exists(prefix + "/run/systemd/system")) {
    return fmt::format(
        "start the user's systemd with `sudo loginctl enable-linger {0}`, log in again, and use "
        "systemd-run --user --scope -p Delegate=yes cordon run ...; or have root start it: sudo "
        "systemd-run --scope -p Delegate=yes --uid={0} cordon run ...",
        user);
  }
  return fmt::format(
      "root can give you one: echo +cpu +memory +pids +io >/sys/fs/cgroup/cgroup.subtree_control; "
      "mkdir -p /sys/fs/cgroup/delegated/session; chown -R {} "
      "/sys/fs/cgroup/delegated, then write the shell's pid into "
      "/sys/fs/cgroup/delegated/session/cgroup.procs",
      user);
}

std::string swap_reason(const Support& support) {
  if (!support.memory || support.swap) return {};
  return "swap is not counted against the memory limit: boot with swapaccount=1";
}

std::string joined(std::string first, const std::string& second) {
  if (first.empty()) return second;
  return second.empty() ? std::move(first) : std::move(first) + "; " + second;
}

std::string advice_v2(Controllers missing, const Obstacles& obstacles) {
  const auto names = names_of(missing);
  if (obstacles.site_is_top) {
    return fmt::format(
        "{} has no controller for {}: it is switched off at boot (cgroup_disable=, or "
        "cgroup_enable=memory is needed), or cgroup v1 holds it",
        obstacles.site, names);
  }
  if (exists(obstacles.prefix + "/run/systemd/system")) {
    return fmt::format(
        "{0} is not given a controller for {1}: put [Service] and Delegate=cpu memory pids io into "
        "/etc/systemd/system/user@.service.d/delegate.conf and log in again, or use systemd-run "
        "--scope -p Delegate=yes",
        obstacles.site, names);
  }
  return fmt::format(
      "{} is not given a controller for {}: the cgroup above must list it in its "
      "cgroup.subtree_control",
      obstacles.site, names);
}

}  // namespace

std::string reason_v1(const Support& support, const Obstacles& obstacles) {
  const std::string uncounted =
      obstacles.io_uncounted ? "io: this kernel counts it for cgroup v2 only (6.10 and newer do)"
                             : "";
  const Controllers missing = missing_from(support) & ~(obstacles.io_uncounted ? kIo : 0U);
  auto rest = joined(uncounted, swap_reason(support));
  if (missing == 0) return rest;
  const auto names = names_of(missing);
  std::string text;
  if (obstacles.refusal == EROFS) {
    text = fmt::format("{}: {}", names, read_only("the cgroup v1 filesystem"));
  } else if (obstacles.refusal != 0) {
    text = fmt::format(
        "{}: these cgroup v1 hierarchies belong to root. Run Cordon as root, or boot with cgroup "
        "v2 "
        "(systemd.unified_cgroup_hierarchy=1), which can be delegated to users",
        names);
  } else if (!obstacles.hidden.empty()) {
    text = fmt::format("{}: {}", names, obstacles.hidden);
  } else {
    text = fmt::format("{}: no such hierarchy is mounted below /sys/fs/cgroup", names);
  }
  return joined(std::move(text), rest);
}

std::string reason_v2(const Support& support, const Obstacles& obstacles) {
  const Controllers missing = missing_from(support);
  if (!obstacles.site.empty()) {
    std::string text = missing == 0 ? std::string{} : advice_v2(missing, obstacles);
    return joined(std::move(text), swap_reason(support));
  }
  if (!obstacles.hidden.empty()) return obstacles.hidden;
  if (!obstacles.crowded.empty()) {
    return fmt::format(
        "{0} holds processes, so the kernel lets it limit no cgroup below it. Move them into one: "
        "mkdir {0}/init && for p in $(cat {0}/cgroup.procs); do echo $p > {0}/init/cgroup.procs; "
        "done; or start Cordon as the only process there",
        obstacles.crowded);
  }
  if (obstacles.refusal == EROFS) return read_only(obstacles.own);
  if (obstacles.refusal != 0) {
    return fmt::format("no cgroup above this process may be written to (it is in {}); {}",
                       obstacles.own, delegate(obstacles.prefix));
  }
  return fmt::format(
      "the cgroup v2 filesystem offers no controller for {} here: boot without "
      "cgroup v1 (systemd.unified_cgroup_hierarchy=1) and without cgroup_disable=",
      names_of(missing));
}

std::string reason_without_mounts() {
  return "no cgroup filesystem is mounted: mount -t cgroup2 cgroup2 /sys/fs/cgroup";
}

Error cannot_limit(std::string_view what, const Support& support) {
  return {ErrorCode::Unsupported, "limit by cgroup", std::string(what), 0, support.reason, {}};
}

Error cannot_create(const Support& support) {
  return {ErrorCode::Unsupported, "create a cgroup", {}, 0, support.reason, {}};
}

}  // namespace cordon::cgroup
