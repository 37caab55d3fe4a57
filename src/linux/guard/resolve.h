// From the path a guest gave to a directory held by a descriptor and a name in it: the two things
// a call is then made with, so that what was judged is what is acted on.
//
// The broker has the guest's root and the guest's mounts, so the kernel walks for it. Two things
// mean something else to it than to the guest: /proc/self, which is a plain link to whoever asks,
// and the links of /proc that jump to an open file. Wherever either could be on the way, the path
// is walked name by name.
#pragma once

#include <asm/stat.h>

#include "linux/guard/guest.h"
#include "linux/guard/kernel_calls.h"

namespace cordon::guard {

// What to do about a symbolic link at the end of a path.
enum class Last {
  Keep,         // it is what the call is about
  FollowSlash,  // so too, unless a slash behind it asks for the directory that it leads to
  Follow,
};

struct Place {
  PathBuffer text;  // what is left of the guest's path; first the caller puts the whole here

  Fd directory;         // O_PATH
  PathBuffer name;      // in it, without the slashes that may follow
  bool slash = false;   // they did
  bool itself = false;  // the path ends in "." or "..": the name is "."
  LongPathBuffer path;  // canonical, of the name
  bool exists = false;
  struct stat status{};

  // Instead of a name, when a link of /proc was followed at the end. `path` is its name, if any.
  Fd object;

  bool is(unsigned type) const { return exists && (status.st_mode & 0170000) == type; }
};

class Resolver {
 public:
  // `process` and `thread` are the broker's own: their files in /proc are nobody else's.
  Resolver(Guest& guest, int process, int thread, int own_files)
      : guest_(guest), process_(process), thread_(thread), own_files_(own_files) {}

  // Looks up place.text, relative to the guest's descriptor `directory` (or AT_FDCWD). 0 or -errno.
  // A name that is not there is no error; a directory on the way that is not there is one.
  long locate(Place& place, int directory, Last last);
  // The descriptor itself, for calls that take an empty path.
  long locate_descriptor(Place& place, int descriptor);

  // A file in /proc about the broker itself.
  bool about_broker(Text path) const;

 private:
  long enter(Place& place, Fd& base, std::size_t parent_size);
  long walk(Place& place, Fd& current, Text rest);
  long read_link(const LongPathBuffer& directory, int fd, const PathBuffer& name,
                 PathBuffer& target);
  long jump(int directory, const LongPathBuffer& path, const PathBuffer& name);
  long finish(Place& place);

  Guest& guest_;
  int process_;
  int thread_;
  int own_files_;
};

// The canonical path of an open file or directory, in the broker's root, which is the guest's.
// -ENAMETOOLONG where the kernel cannot say it. `own_files`: the directory /proc/self/fd, open: the
// way there is half of the cost.
long path_of(int own_files, int fd, LongPathBuffer& path);

}  // namespace cordon::guard
