#include "lxc/orphans.h"

#include <string>

#include "core/try.h"
#include "docker/owner.h"
#include "lxc/json.h"
#include "lxc/kept_instance.h"
#include "lxc/own_instance.h"

namespace cordon::lxc {

namespace {

// Keys prove nothing: whoever copies an instance copies them, and a profile may have them. But no
// copy has the name of what it was copied from, or where another project lets it, it goes on when
// it stops unless somebody says otherwise.
bool is_of_a_run(const Instance& instance) {
  return instance.ephemeral &&
         instance.name == instance_name(json::text(instance.config, kSandboxKey));
}

}  // namespace

Result<int> reap_orphans(const Store& store) {
  int removed = 0;
  for (const Instance& instance : TRY(store.list(kOwnerKey))) {
    const bool kept = is_of_a_checkpoint(instance);
    if (!kept && !is_of_a_run(instance)) continue;
    const std::string owner = json::text(instance.config, kOwnerKey);
    if (docker::look_up_owner(owner, true) != docker::Owner::Dead) continue;
    if (kept) {
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
