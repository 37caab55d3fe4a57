// What a sandbox may do. A value: copy it, compare it, print it.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace cordon {

// What a path rule grants or takes away. The longest matching path wins, in whatever order the
// rules were given.
enum class Access {
  Read,     // read and execute
  Write,    // read, execute, create, change and delete
  Protect,  // as visible as what surrounds it, but never changed, replaced, renamed or created
  Deny,     // the name is visible, every access fails with EACCES
  Hide,     // reads as an empty file or directory
};

std::string_view to_string(Access access);

// What to do about a rule for a path that is not there. A Protect, Deny or Hide rule holds also for
// names that do not exist yet, unless it is Optional.
enum class Presence {
  Required,
  Optional,  // pass the rule over
};

// Who stated a rule, in the order of their words: at the same path a later one replaces an earlier
// one, and what a later one takes away no earlier one gives back, however deep its rule. Project is
// a file found in the work directory: it can only take away.
enum class Layer { Default, Preset, Pack, System, User, File, CommandLine, Project };

std::string_view to_string(Layer layer);

struct PathRule {
  Access access = Access::Read;
  // Absolute, or relative to the work directory. A pattern: `*`, `?`, `[a-z]` within a name, `**`
  // for any number of directories; `\` before one of them makes it an ordinary character. Read and
  // Write take wildcards in the last name only, and mean what is there at the start.
  std::string path;
  std::string origin;  // where the rule came from, for messages: "--read", "policy.toml:12:9"
  Presence presence = Presence::Required;
  Layer layer = Layer::CommandLine;

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
// derived values, `pass` copies named variables from the caller, `set` overrides all. `path` are
// directories that PATH begins with.
struct EnvironmentRules {
  std::vector<std::string> pass;
  std::vector<std::pair<std::string, std::string>> set;
  std::vector<std::string> path = {};  // absolute, without ':'

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
  // Names of guarantees.h: where one of them is not enforced, nothing is run.
  std::vector<std::string> required_guarantees;

  bool operator==(const Policy&) const = default;
};

// The policy as a file that reads back as the same policy, without origins and layers.
std::string to_toml(const Policy& policy);

// Equal for policies that allow the same; the same on every host and in every version that prints
// the same to_toml().
std::uint64_t fingerprint(const Policy& policy);

}  // namespace cordon

template <>
struct std::hash<cordon::Policy> {
  std::size_t operator()(const cordon::Policy& policy) const {
    return static_cast<std::size_t>(cordon::fingerprint(policy));
  }
};
