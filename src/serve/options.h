// The options of `cordon serve`, from the command line and from a file with the same words.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "cli/help.h"
#include "cli/options.h"
#include "cordon/error.h"
#include "cordon/manager_config.h"
#include "serve/listeners.h"
#include "server/job_store.h"
#include "store/store.h"

namespace cordon::serve {

enum class ServeOption {
  Socket,
  SocketGroup,
  AllowUid,
  Listen,
  TlsCert,
  TlsKey,
  PlainText,
  AllowHost,
  AllowOrigin,
  StateDir,
  Config,
  MaxBody,
  MaxUpload,
  Grace,
  MaxRunning,
  MaxQueued,
  DefaultTimeout,
  MaxTimeout,
  DefaultMemory,
  MaxMemory,
  WorkDir,
  LxcExecutable,
  LxcSocket,
  LxcContainers,
  LxcProject,
  LxcInstance,
  LxcImage,
  LxcNetwork,
  GvisorPlatform,
  OutputLifetime,
  OutputQuota,
  RecordLifetime,
  MaxRecords,
  ArtifactLifetime,
  ArtifactQuota,
  MaxAuditLog,
  Help,
};

enum class PlainTextNetwork { Refused, Accepted };

struct ServeOptions {
  std::string socket;  // empty: the default
  std::optional<gid_t> socket_group;
  std::vector<uid_t> users;
  std::optional<TcpAddress> listen;
  std::string tls_certificate;
  std::string tls_key;
  PlainTextNetwork plain_text = PlainTextNetwork::Refused;
  std::vector<std::string> hosts;
  std::vector<std::string> origins;
  std::string state_dir;  // empty: the default
  std::uint64_t max_body = 8 << 20;
  std::uint64_t max_upload = 1ULL << 30;  // the input of a job
  std::chrono::nanoseconds grace = std::chrono::seconds(30);
  ManagerConfig manager;
  store::StoreOptions store;       // without its directory
  server::JobStore::Options jobs;  // without their directory
  std::uint64_t most_audit_bytes = 128 << 20;
  bool help = false;
};

std::span<const cli::OptionSpec> serve_option_table();
cli::Page serve_page();

// Errors name the option, or the file and its key. What contradicts itself is refused here: a key
// without its certificate, a network address without encryption.
Result<ServeOptions> read_serve_options(std::span<char* const> arguments);

}  // namespace cordon::serve
