#include "lxc/orphans.h"

#include <string>

#include "core/try.h"
#include "docker/owner.h"
#include "lxc/json.h"
#include "lxc/kept_instance.h"
#include "lxc/own_instance.h"

namespace cordon::lxc {

Result<int> reap_orphans(const Store& store) {
  int removed = 0;
  for (const Instance& instance : TRY(store.list(kOwnerKey))) {
    const std::string owner = json::text(instance.config, kOwnerKey);
    if (docker::look_up_owner(owner, true) != docker::Owner::Dead) continue;
    if (instance.config.contains(json::view(kCheckpointKey))) {
      const auto complete = is_complete(instance);
      // Where the directory cannot be looked at another user's run can.
      if (!complete) continue;
      if (*complete) {
        (void)store.configure(instance.name, kOwnerKey, "");
        continue;
      }
    }
    if (instance.running && !store.stop(instance.name)) continue;
    const bool goes_by_itself = instance.running && instance.ephemeral;
    if (goes_by_itself || store.remove(instance.name)) ++removed;
  }
  return removed;
}

}  // namespace cordon::lxc
