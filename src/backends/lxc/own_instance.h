// An instance that is made for one sandbox, and goes with it.
#pragma once

#include <sys/types.h>

#include <atomic>
#include <boost/json/object.hpp>
#include <optional>
#include <string>
#include <string_view>

#include "cordon/policy.h"
#include "docker/identity.h"
#include "lxc/files.h"
#include "lxc/instance_network.h"
#include "lxc/store.h"

namespace cordon::lxc {

inline constexpr std::string_view kSandboxKey = "user.cordon.sandbox";
inline constexpr std::string_view kOwnerKey = "user.cordon.owner";
// Of the instance that is made for the sandbox.
std::string instance_name(std::string_view sandbox_id);
// Where the program inside lies in the instance, and what the policy shows until it is put in its
// place.
inline constexpr std::string_view kProgramPlace = "/.cordon/instance";
inline constexpr std::string_view kShownPlaces = "/.cordon/shown";

// How the user of the command becomes the caller in what the policy shows.
enum class Mapping {
  Raw,    // raw.idmap: the user is the host's own
  Shift,  // idmapped mounts
  None,   // it does not: only for a user that stands for nobody
};

// `root`: the store's root directory, for its /etc/subuid, which must name the user for Raw.
Mapping choose_mapping(const StoreInfo& store, const std::string& root,
                       const docker::Identity& identity);
// Whether a file like /etc/subuid lets root map `id`.
bool grants(std::string_view file, std::string_view whom, unsigned long id);

// What an instance is made from.
struct Origin {
  bool is_image = true;
  std::string name;  // a fingerprint, the name of an instance, INSTANCE/SNAPSHOT
  std::vector<std::string> devices = {};  // of that instance: none of them is taken over
};

// An image by alias or fingerprint; else an instance of that name, or a snapshot of one:
// INSTANCE/SNAPSHOT, where the instance may run. Errors: NotFound; Unsupported:
// an instance that runs, or whose configuration reaches beyond what is taken over.
Result<Origin> find_origin(const Store& store, const std::string& name);

struct InstancePlan {
  std::string name;
  std::string sandbox_id;
  Origin origin;
  std::string pool;
  std::string program;  // the host's
  Mapping mapping = Mapping::Shift;
  docker::Identity identity;
  std::optional<Subnet> subnet;  // absent: no network
  Address address;               // there
};

// The body of a request for it.
boost::json::object instance_request(const InstancePlan& plan, const StoreInfo& store,
                                     const Files& files, const Limits& limits);

std::string shown_place(std::size_t index);
boost::json::object root_device(const InstancePlan& plan);
// Of an instance or of a snapshot of one, without those.
boost::json::object copy_source(std::string_view of);

// Ends and removes it in the end.
class OwnInstance {
 public:
  OwnInstance(const Store& store, std::string name) : store_(store), name_(std::move(name)) {}
  OwnInstance(const OwnInstance&) = delete;
  OwnInstance& operator=(const OwnInstance&) = delete;
  ~OwnInstance();

  const std::string& name() const { return name_; }
  const Store& store() const { return store_; }
  pid_t first_process() const { return first_process_; }
  Result<void> start();

  // Ends it once what it holds has been kept: its command has then ended with success.
  Result<void> end_kept();
  bool kept() const { return kept_; }
  // What ran in it has ended.
  void note_end() { ended_ = true; }
  bool ended() const { return ended_; }

 private:
  const Store store_;
  const std::string name_;
  pid_t first_process_ = 0;
  bool running_ = false;
  // Known to a sandbox and to its process.
  std::atomic<bool> kept_ = false;
  std::atomic<bool> ended_ = false;
};

}  // namespace cordon::lxc
