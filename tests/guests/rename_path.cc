// Moves one path to another: into a denied place, or over a protected file.
#include <cstdio>

#include "guest.h"

CORDON_GUEST(rename_path, 2, "FROM TO") {
  return guest::verdict("rename", std::rename(args[0], args[1]));
}
