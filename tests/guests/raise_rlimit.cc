// Raises a hard limit.
#include <sys/resource.h>

#include "guest.h"

CORDON_GUEST(raise_rlimit, 0, "") {
  rlimit limit{};
  getrlimit(RLIMIT_NOFILE, &limit);
  limit.rlim_cur = limit.rlim_max = limit.rlim_max + 1;
  return guest::verdict("setrlimit", setrlimit(RLIMIT_NOFILE, &limit));
}
