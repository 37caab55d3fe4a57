// From the rules of a policy to what an engine mounts. The files that a policy shows by default
// (/usr and its like) are the image's own here.
#pragma once

#include <string>
#include <vector>

#include "cordon/error.h"
#include "docker/identity.h"
#include "engine/endpoint.h"
#include "engine/types.h"
#include "native/rules.h"
#include "sandbox/unheld_names.h"

namespace cordon::docker {

// Denied or hidden: reads as empty.
struct Masked {
  std::string path;
  bool directory = false;
};

struct Files {
  std::vector<engine::BindMount> binds;  // parents before children
  std::vector<std::string> scratch;      // private, empty, writable directories
  std::vector<Masked> masked;
  std::vector<std::string> covered;  // directories of that kind with something visible beneath
  bool denies = false;               // one of them was to be refused instead
  UnheldNames unheld;
};

// Errors: InvalidArgument: a rule that would show the engine's socket, or put something where the
// container has its own (/proc, /sys, /dev).
Result<Files> files_of(const native::RuleSet& rules, const engine::Endpoint& endpoint);

// How a runtime takes away what is masked.
enum class Masking {
  ByRuntime,  // the OCI's masked paths, put on after the mounts
  ByMounts,   // runsc ignores those: a tmpfs, and for a file an empty one of the host
};

// `empty_file`: a path of the host, for Masking::ByMounts.
void take_away(const Files& files, Masking masking, const std::string& empty_file,
               engine::HostConfig& host);

// The rest of what is mounted: scratch directories of `disk_bytes` together, nothing in them ever
// executed. `volumes` are the image's: scratch, too.
void add_scratch(const Files& files, const std::vector<std::string>& volumes,
                 const Identity& identity, std::uint64_t disk_bytes, engine::HostConfig& host);

}  // namespace cordon::docker
