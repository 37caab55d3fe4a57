// A client of the REST API that LXD and Incus share, over their Unix socket.
#pragma once

#include <sys/types.h>

#include <boost/json/object.hpp>
#include <chrono>
#include <string>
#include <string_view>
#include <vector>

#include "cordon/error.h"
#include "core/unique_fd.h"
#include "lxc/settings.h"

namespace cordon::lxc {

struct StoreInfo {
  std::string name;  // "LXD", "Incus"
  std::string version;
  bool idmapped_mounts = false;
};

struct Instance {
  std::string name;
  bool running = false;
  bool ephemeral = false;
  boost::json::object config;   // profiles' included
  boost::json::object devices;  // profiles' included
};

struct ManagedNetwork {
  std::string name;
  std::string type;      // "bridge", "ovn"...
  bool managed = false;  // by the store: else an interface of the host's
  boost::json::object config;
};

// An address of a network's that somebody has.
struct Lease {
  std::string address;
  std::string holder;  // an instance's name, mostly
};

// What a command inside an instance is reached by.
struct ExecHandle {
  std::string operation;  // "/1.0/operations/ID"; an operation is found in every project
  std::string input;      // secrets of its streams; with a terminal `input` is all three
  std::string output;
  std::string errors;
  std::string control;
};

struct ExecRequest {
  std::vector<std::string> words;
  std::vector<std::pair<std::string, std::string>> environment;
  bool terminal = false;
  unsigned rows = 0;
  unsigned columns = 0;
};

// Thread-safe: each call has a connection of its own. Errors of all calls: Unavailable where no
// store listens or none answers in time, PermissionDenied, and what the store says.
class Store {
 public:
  static Result<Store> connect(const Settings& settings, std::chrono::milliseconds patience);

  const std::string& socket() const { return socket_; }
  const StoreInfo& info() const { return info_; }

  Result<Instance> instance(std::string_view name,
                            std::chrono::milliseconds patience = std::chrono::seconds(20)) const;
  // As it was then: it does not run.
  Result<Instance> snapshot(std::string_view instance, std::string_view name) const;
  // All that have this key in their configuration.
  Result<std::vector<Instance>> list(std::string_view key) const;
  // Fingerprint of the image that has this alias, or of which this is the fingerprint.
  Result<std::string> image(std::string_view name) const;
  // Devices of the profile "default".
  Result<boost::json::object> default_devices() const;
  // The first storage pool; NotFound when there is none.
  Result<std::string> any_pool() const;
  Result<ManagedNetwork> network(std::string_view name) const;
  // Static ones, of instances that do not run, too, and those that were given out.
  Result<std::vector<Lease>> leases(std::string_view network) const;
  Result<void> create(const boost::json::object& instance) const;
  // Of its files, whether it runs or not; not of its memory.
  Result<void> make_snapshot(std::string_view instance, std::string_view name) const;
  // An empty value removes the key.
  Result<void> configure(std::string_view name, std::string_view key, std::string_view value) const;
  Result<void> start(std::string_view name) const;
  // Ends it at once. An ephemeral one is then removed by the store. Success when it is gone
  // already.
  Result<void> stop(std::string_view name) const;
  Result<void> remove(std::string_view name) const;
  // The first process, as the host counts; 0 when it does not run.
  Result<pid_t> first_process(std::string_view name) const;
  // Writes a file of root's that everybody may read and execute.
  Result<void> put_program(std::string_view name, std::string_view path,
                           std::string_view bytes) const;
  Result<ExecHandle> exec(std::string_view name, const ExecRequest& request) const;

  // The store's process: "/proc/PID", or "" where nothing tells.
  std::string process() const;
  // What it sees as its root directory, for files that decide what it may do: "/proc/PID/root", or
  // "" when that cannot be looked at.
  std::string root_directory() const;

 private:
  struct Request {
    std::string_view method;
    std::string path;
    std::string body = {};
    std::vector<std::string> headers = {};
    std::chrono::milliseconds patience = std::chrono::seconds(60);
  };
  Store(std::string socket, std::string project)
      : socket_(std::move(socket)), project_(std::move(project)) {}
  Result<void> check_project(std::chrono::milliseconds patience) const;
  // The whole answer: {"type": ..., "metadata": ...}.
  Result<boost::json::object> call(const Request& request, std::string_view operation,
                                   std::string_view subject) const;
  // The same for what takes its time: until it is done.
  Result<void> finish(const Request& request, std::string_view operation,
                      std::string_view subject) const;

  std::string socket_;
  std::string project_;  // empty: the store's default
  StoreInfo info_;
};

// A path below /1.0/instances.
std::string instance_path(std::string_view name, std::string_view what = {});

}  // namespace cordon::lxc
