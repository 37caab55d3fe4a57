// A path far longer than PATH_MAX: whoever removes it by name fails.
#include <sys/stat.h>
#include <unistd.h>

#include "guest.h"

CORDON_GUEST(deep_dir, 2, "DIR DEPTH") {
  if (chdir(args[0]) < 0) return guest::broken("chdir");
  const long wanted = guest::number_at(args, 1);
  for (long i = 0; i < wanted; ++i) {
    if (mkdir("directory", 0700) < 0) return guest::contained("mkdir");
    if (chdir("directory") < 0) return guest::contained("chdir");
  }
  return guest::escaped("made %ld levels", wanted);
}
