// What a checkpoint of a sandbox keeps: a stopped instance, copied from a snapshot of the sandbox's
// own. The checkpoint's directory says which one.
#pragma once

#include <boost/json/object.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "cordon/error.h"
#include "docker/identity.h"
#include "lxc/own_instance.h"
#include "lxc/store.h"

namespace cordon::lxc {

// Of an instance that is kept: its own name, so that no namesake is taken for it.
inline constexpr std::string_view kCheckpointKey = "user.cordon.checkpoint";
// The directory that it belongs to once that is there.
inline constexpr std::string_view kDirectoryKey = "user.cordon.directory";
// The scene, as the manifest has it: whoever can edit that need not be able to edit this.
inline constexpr std::string_view kSceneKey = "user.cordon.scene";

// What has to be the same for a sandbox to go on.
struct Scene {
  std::string image;
  std::string work_dir;
  docker::Identity identity;
  std::vector<std::string> private_directories;
};

boost::json::object manifest_of(const Scene& scene, const std::string& kept);

// The body of a request for it. It has no device of the sandbox's, and nothing of its configuration
// that would hold for a copy.
boost::json::object kept_request(const InstancePlan& sandbox, const Scene& scene,
                                 std::string_view name, std::string_view snapshot,
                                 std::string_view directory);

// Whether a checkpoint made it, and nobody copied or renamed it.
bool is_of_a_checkpoint(const Instance& instance);

// Whether the directory of what is kept is there, and with it the checkpoint. Errors: it cannot be
// looked at.
Result<bool> is_complete(const Instance& kept);

// Is removed again unless commit() was called; and by whoever comes next where this process is
// killed before its directory is complete.
class KeptInstance {
 public:
  // `sandbox` runs, and stands still.
  static Result<KeptInstance> make(const Store& store, const InstancePlan& sandbox,
                                   const Scene& scene, std::string_view directory);
  KeptInstance(KeptInstance&& other) noexcept;
  KeptInstance& operator=(KeptInstance&&) = delete;
  ~KeptInstance();

  const std::string& name() const { return name_; }
  // From now on it belongs to its directory, and not to this process.
  Result<void> release();
  void commit() { name_.clear(); }

 private:
  KeptInstance(const Store& store, std::string name) : store_(store), name_(std::move(name)) {}
  Store store_;
  std::string name_;
};

// What a sandbox is restored from. Errors: those of open_checkpoint(); NotFound: the store has it
// no more; InvalidArgument: the directory is of another backend's, of another scene, or
// was edited.
Result<Origin> find_kept(const Store& store, const std::string& directory, const Scene& scene);

// Removes the instance, if it is still there, and the directory. Errors: as find_kept().
Result<void> remove_kept(const Store& store, const std::string& directory);

}  // namespace cordon::lxc
