// Any capability in any set is one too many.
#include <cstdio>
#include <cstring>

#include "guest.h"

CORDON_GUEST(capabilities, 0, "") {
  std::FILE* status = std::fopen("/proc/self/status", "r");
  if (status == nullptr) return guest::broken("/proc/self/status");
  char line[256];
  while (std::fgets(line, sizeof line, status) != nullptr) {
    if (std::strncmp(line, "Cap", 3) != 0) continue;
    unsigned long long bits = 0;
    if (std::sscanf(line + 7, "%llx", &bits) == 1 && bits != 0) {
      line[std::strcspn(line, "\n")] = 0;
      return guest::escaped("%s", line);
    }
  }
  return guest::contained("no capability in any set");
}
