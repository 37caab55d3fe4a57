// What is said to an engine and heard from it: the part of the API that Cordon uses, with the
// API's own words. Absent and empty mean what they mean there.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace cordon::engine {

using Pairs = std::vector<std::pair<std::string, std::string>>;

// A directory or file of the host, at a place in the container.
struct BindMount {
  std::string source;
  std::string target;
  bool read_only = true;

  bool operator==(const BindMount&) const = default;
};

struct Ulimit {
  std::string name;
  std::int64_t soft = 0;
  std::int64_t hard = 0;

  bool operator==(const Ulimit&) const = default;
};

// HostConfig: what a container may do. Every default is what a container gets that says nothing.
struct HostConfig {
  bool privileged = false;
  bool read_only_root = false;
  bool init = false;
  std::vector<std::string> cap_add;
  std::vector<std::string> cap_drop;
  std::vector<std::string> security_options;
  std::vector<std::string> masked_paths;
  std::vector<std::string> read_only_paths;
  std::vector<BindMount> mounts;
  Pairs tmpfs;  // place, options
  std::string network_mode;
  std::string ipc_mode;
  std::string pid_mode;
  std::string cgroupns_mode;
  std::string log_driver;
  std::int64_t memory = 0;
  std::int64_t memory_swap = 0;  // memory and swap together
  std::int64_t nano_cpus = 0;
  std::int64_t pids_limit = 0;
  std::int64_t shm_size = 0;
  int oom_score_adjust = 0;
  std::string runtime;  // by the engine's name for it; empty: its own choice
  std::vector<Ulimit> ulimits;
  std::vector<std::string> binds;      // in the old form; never written
  std::vector<std::string> devices;    // places of the host; never written
  std::vector<std::string> group_add;  // never written
};

struct ContainerConfig {
  std::string image;
  std::vector<std::string> command;  // in place of the image's entry point
  std::vector<std::string> environment;
  std::string working_dir;
  std::string user;
  std::string hostname;
  Pairs labels;
  bool open_stdin = false;
  bool terminal = false;
  // Nothing at all is set up in its network namespace, nor are the files that name hosts.
  bool network_disabled = false;
  HostConfig host;
};

struct ContainerState {
  std::string status;  // "created", "running", "exited", ...
  bool running = false;
  bool oom_killed = false;
  int exit_code = 0;
  pid_t pid = 0;  // of the host the engine runs on
  std::string error;
};

struct Container {
  std::string id;
  ContainerConfig config;  // as the engine took it
  ContainerState state;
  std::vector<std::string> volumes;  // places of mounts that are neither binds nor tmpfs
};

struct ContainerSummary {
  std::string id;
  std::vector<std::string> names;
  std::string state;
  Pairs labels;
  std::int64_t created = 0;  // seconds since 1970; 0: not told
};

struct Image {
  std::string id;
  std::string os;
  std::string architecture;  // "amd64"
  std::vector<std::string> environment;
  std::vector<std::string> volumes;  // places that it wants to be volumes
  Pairs labels;                      // its own and those of all that it was made from
  std::string parent;                // the step before, where it was built here
  std::string hostname;  // of the container that it was committed from, where somebody did
  std::vector<std::string> on_build;  // instructions that a build upon it begins with
};

struct ImageSummary {
  std::string id;
  std::vector<std::string> tags;
  Pairs labels;
};

struct ExecConfig {
  std::vector<std::string> command;
  std::vector<std::string> environment;  // besides the container's
  std::string working_dir;
  std::string user;
  bool open_stdin = false;
};

struct ExecState {
  bool running = false;
  int exit_code = 0;
  pid_t pid = 0;  // of the host the engine runs on
};

struct Usage {
  std::uint64_t cpu_time_ns = 0;
  std::uint64_t memory_bytes = 0;
  std::uint64_t memory_peak_bytes = 0;  // 0: the engine does not tell (cgroup v2)
};

struct Event {
  std::string type;    // "container"
  std::string action;  // "die"
  std::string id;
  Pairs attributes;
};

// A volume (by its name) or a network (by its id).
struct Labelled {
  std::string id;
  Pairs labels;
};

struct EngineVersion {
  std::string name;  // "Docker" or "Podman"
  std::string version;
  std::string api;  // the version that is spoken

  bool is_podman() const { return name == "Podman"; }
};

// What containers can be run with.
struct EngineRuntime {
  std::string name;  // that HostConfig::runtime takes
  std::string path;  // of the program, or its name alone; empty where the engine tells a type
  std::string type;  // "io.containerd.runsc.v1"
};

struct EngineInfo {
  std::string cgroup_version;                 // "1", "2"
  std::vector<std::string> security_options;  // "name=seccomp,profile=default", "name=rootless"
  bool memory_limit = false;
  bool swap_limit = false;
  bool cpu_quota = false;
  bool pids_limit = false;
  std::vector<EngineRuntime> runtimes;
  std::string default_runtime;
  std::string index_server;  // the registry of images whose name says none; empty: not told

  bool has_security(std::string_view name) const;
};

}  // namespace cordon::engine
