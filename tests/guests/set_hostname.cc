// Sets the host's name to what it is.
#include <unistd.h>

#include <cstring>

#include "guest.h"

CORDON_GUEST(set_hostname, 0, "") {
  char name[65] = {};
  if (gethostname(name, sizeof name - 1) < 0) return guest::broken("gethostname");
  return guest::verdict("sethostname", sethostname(name, std::strlen(name)));
}
