// What a sandbox may do. A value: copy it, compare it, print it.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace cordon {

// What a path rule grants or takes away. The longest matching prefix wins, in whatever order the
// rules were given.
enum class Access {
  Read,   // read and execute
  Write,  // read, execute, create, change and delete
  Deny,   // the name is visible, every access fails with EACCES
  Hide,   // reads as an empty file or directory
};

std::string_view to_string(Access access);

struct PathRule {
  Access access = Access::Read;
  std::string path;    // absolute, or relative to the work directory
  std::string origin;  // where the rule came from, for messages: "--read", "default policy"

  bool operator==(const PathRule&) const = default;
};

enum class NetworkMode {
  None,  // only the sandbox's own loopback interface
  Open,  // the caller's network, unfiltered
};

std::string_view to_string(NetworkMode mode);

// Absent means "no limit of Cordon's own"; see default_limits() for what `cordon run` starts from.
struct Limits {
  std::optional<std::uint64_t> memory_bytes;  // with swap; >= 4 MiB
  std::optional<double> cpus;                 // 0.01 and up, in cores
  std::optional<std::uint32_t> pids;          // processes and threads, >= 1
  std::optional<std::uint64_t> disk_bytes;  // all private directories together; one file elsewhere
  std::optional<std::uint64_t>
      output_bytes;  // stdout and stderr, each; the rest is dropped, flagged
  std::optional<std::chrono::nanoseconds> timeout;  // wall clock, from start of the command

  bool operator==(const Limits&) const = default;
};

// The environment is built from nothing: PATH, HOME, TMPDIR, USER, LANG and TERM have fixed or
// derived values, `pass` copies named variables from the caller, `set` overrides all.
struct EnvironmentRules {
  std::vector<std::string> pass;
  std::vector<std::pair<std::string, std::string>> set;

  bool operator==(const EnvironmentRules&) const = default;
};

enum class NestedNamespaces { Refused, Allowed };

struct Policy {
  std::vector<PathRule> filesystem;
  NetworkMode network = NetworkMode::None;
  Limits limits;
  EnvironmentRules environment;
  NestedNamespaces nested_namespaces = NestedNamespaces::Refused;
  std::string hostname = "sandbox";  // at most 64 bytes, [A-Za-z0-9.-]
  std::optional<std::uint32_t> uid;  // the uid the command sees; absent: the caller's

  bool operator==(const Policy&) const = default;
};

}  // namespace cordon
