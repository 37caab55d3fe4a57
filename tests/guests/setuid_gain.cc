// Run from a set-user-id copy of this program: did it gain anything?
#include <unistd.h>

#include "guest.h"

CORDON_GUEST(setuid_gain, 0, "") {
  uid_t real = 0, effective = 0, saved = 0;
  getresuid(&real, &effective, &saved);
  if (effective != real || saved != real) return guest::escaped("euid %u, uid %u", effective, real);
  errno = EPERM;
  return guest::contained("same uid as before");
}
