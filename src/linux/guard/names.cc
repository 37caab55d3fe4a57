// mkdir, mknod, symlink, truncate, unlink, rmdir.
#include <asm/errno.h>
#include <linux/fcntl.h>

#include "linux/guard/call.h"

namespace cordon::guard {

namespace {

// A slash behind the name is the kernel's to judge.
void as_given(Place& place) {
  if (place.slash && !place.itself) place.name.add("/");
}

}  // namespace

long Call::make_directory(int directory, std::uint64_t path, unsigned mode) {
  Place place;
  if (const long result = find(place, directory, path, Last::Keep); result < 0) return result;
  if (place.exists) return -EEXIST;
  if (const long refused = refusal(place, Act::MakeDirectory); refused < 0) return refused;
  if (const long result = use_umask(); result < 0) return result;
  if (!waiting()) return kAnswered;
  return call(__NR_mkdirat, place.directory.get(), place.name.data, mode);
}

long Call::make_node(int directory, std::uint64_t path, unsigned mode, unsigned device) {
  Place place;
  if (const long result = find(place, directory, path, Last::Keep); result < 0) return result;
  if (place.exists) return -EEXIST;
  if (const long refused = refusal(place, Act::MakeFile); refused < 0) return refused;
  if (const long result = use_umask(); result < 0) return result;
  as_given(place);
  if (!waiting()) return kAnswered;
  return call(__NR_mknodat, place.directory.get(), place.name.data, mode, device);
}

long Call::make_symbolic_link(std::uint64_t target_address, int directory, std::uint64_t path) {
  PathBuffer target;
  if (const long result = guest_.read_path(target_address, target); result < 0) return result;
  if (target.size == 0) return -ENOENT;
  Place place;
  if (const long result = find(place, directory, path, Last::Keep); result < 0) return result;
  if (place.exists) return -EEXIST;
  if (const long refused = refusal(place, Act::MakeLink); refused < 0) return refused;
  as_given(place);
  if (!waiting()) return kAnswered;
  return call(__NR_symlinkat, target.data, place.directory.get(), place.name.data);
}

long Call::truncate(std::uint64_t path, std::int64_t length) {
  Place place;
  if (length < 0) return -EINVAL;
  if (const long result = find(place, AT_FDCWD, path, Last::Follow); result < 0) return result;
  if (!place.exists) return -ENOENT;
  if (const long refused = refusal(place, Act::Write); refused < 0) return refused;
  if (resolver_.about_broker(place.path.text())) return -EACCES;
  // The limit is the guest's, and so is the signal.
  const auto wanted = static_cast<std::uint64_t>(length);
  const bool grows = static_cast<std::int64_t>(wanted) > place.status.st_size;
  if (grows && wanted > guest_.file_size_limit()) {
    if (!waiting()) return kAnswered;
    call(__NR_tgkill, guest_.process(), guest_.thread(), 25 /* SIGXFSZ */);
    return -EFBIG;
  }
  if (!place.object.valid()) {
    const unsigned slash = place.slash ? O_DIRECTORY : 0U;
    const long fd = call(__NR_openat, place.directory.get(), place.name.data,
                         O_PATH | O_NOFOLLOW | O_CLOEXEC | slash, 0);
    if (fd < 0) return fd;
    place.object.reset(fd);
  }
  Buffer<48> link;
  link.add("/proc/self/fd/").add_number(static_cast<std::uint64_t>(place.object.get()));
  if (!waiting()) return kAnswered;
  return call(__NR_truncate, link.data, length);
}

long Call::remove(int directory, std::uint64_t path, int flags) {
  if (flags & ~AT_REMOVEDIR) return -EINVAL;
  Place place;
  if (const long result = find(place, directory, path, Last::Keep); result < 0) return result;
  if (!place.exists) return -ENOENT;
  if (const long refused = refusal(place, Act::Remove); refused < 0) return refused;
  as_given(place);
  if (!waiting()) return kAnswered;
  return call(__NR_unlinkat, place.directory.get(), place.name.data, flags);
}

}  // namespace cordon::guard
