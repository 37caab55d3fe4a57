#include <unistd.h>

#include <cstdio>

#include "guest.h"

CORDON_GUEST(environment, 0, "") {
  for (char** entry = environ; *entry != nullptr; ++entry) std::printf("%s\n", *entry);
  return 0;
}
