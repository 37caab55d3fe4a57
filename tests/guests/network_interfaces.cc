// A network of its own has a loopback interface and no other.
#include <net/if.h>

#include <cstring>

#include "guest.h"

CORDON_GUEST(network_interfaces, 0, "") {
  struct if_nameindex* list = if_nameindex();
  if (list == nullptr) return guest::contained("if_nameindex");
  for (const struct if_nameindex* item = list; item->if_name != nullptr; ++item) {
    if (std::strcmp(item->if_name, "lo") != 0) {
      return guest::escaped("sees interface %s", item->if_name);
    }
  }
  if_freenameindex(list);
  return guest::contained("only lo");
}
