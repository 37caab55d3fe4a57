#include "linux/guard/call.h"

#include <asm/errno.h>
#include <linux/fcntl.h>
#include <linux/fs.h>

namespace cordon::guard {

namespace {

long protect_refusal(const Verdict& verdict, Act act) {
  if (act == Act::Read) return 0;
  if (act == Act::MakeDirectory && verdict.flags & kDirectoryMayBeMade) return 0;
  return -EPERM;
}

long hide_refusal(Act act) {
  const bool is_there = act == Act::Read || act == Act::Write || act == Act::Remove;
  return is_there ? -ENOENT : -EACCES;
}

long pivot_refusal(Pivot pivot, Act act) {
  if (act == Act::MakeLink && pivot != Pivot::None) return -EPERM;
  const bool file = act == Act::MakeFile || act == Act::Write;
  return file && pivot == Pivot::Name ? -EPERM : 0;
}

// Case folding is switched on for a directory while it is empty, and inherited by what is made in
// it: a name further up may lie in a folding directory although this one is none.
bool folds_case(int own_files, int directory) {
  constexpr unsigned kFoldsCase = 0x40000000;  // FS_CASEFOLD_FL
  constexpr int kDeepest = 256;
  Fd here(call(__NR_openat, directory, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0));
  for (int depth = 0; depth < kDeepest; ++depth) {
    if (!here.valid()) return true;  // cannot tell
    std::uint32_t flags = 0;
    if (call(__NR_ioctl, here.get(), FS_IOC_GETFLAGS, &flags) == 0 && flags & kFoldsCase) {
      return true;
    }
    LongPathBuffer path;
    if (path_of(own_files, here.get(), path) < 0) return true;
    if (path.size <= 1) return false;
    here.reset(call(__NR_openat, here.get(), "..", O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0));
  }
  return true;
}

}  // namespace

long refusal_of(const Verdict& verdict, Act act) {
  long result = 0;
  switch (verdict.kind) {
    case Kind::Allow:
      break;
    case Kind::Protect:
      result = protect_refusal(verdict, act);
      break;
    case Kind::Deny:
      result = -EACCES;
      break;
    case Kind::Hide:
      result = hide_refusal(act);
      break;
  }
  return result != 0 ? result : pivot_refusal(verdict.pivot, act);
}

Folding Call::folding_of(const Place& place, Text path) const {
  if (is_ascii(path) || !place.directory.valid()) return Folding::Ascii;
  return folds_case(around_.own_files, place.directory.get()) ? Folding::Unicode : Folding::Ascii;
}

Verdict Call::verdict(const Place& place) const {
  const Text path = place.path.text();
  const Verdict plain = judge(*around_.table, path, Folding::Ascii);
  if (is_ascii(path)) return plain;
  const Verdict folded = judge(*around_.table, path, Folding::Unicode);
  if (folded == plain) return plain;
  return folding_of(place, path) == Folding::Unicode ? folded : plain;
}

long Call::refusal(const Place& place, Act act) const {
  const Text path = place.path.text();
  // A pipe, a socket, a file without a name: nothing that a rule could be about.
  if (path.empty() || path[0] != '/') return 0;
  if (place.object.valid() && place.status.st_nlink == 0) return 0;
  const Verdict said = verdict(place);
  if (said.flags & kMaskedAtStart && place.exists &&
      place.status.st_dev == around_.private_device) {
    return 0;
  }
  return refusal_of(said, act);
}

bool Call::waiting() const {
  return call(__NR_ioctl, around_.listener, SECCOMP_IOCTL_NOTIF_ID_VALID, &id_) == 0;
}

long Call::find(Place& place, int directory, std::uint64_t path, Last last) {
  if (const long result = guest_.read_path(path, place.text); result < 0) return result;
  return resolver_.locate(place, directory, last);
}

// The kernel applies the mask itself, or a default ACL instead of it.
long Call::use_umask() {
  std::uint32_t mask = around_.usual_umask;
  if (around_.umask_varies) {
    const long now = guest_.umask();
    if (now < 0) return -EPERM;
    mask = static_cast<std::uint32_t>(now);
  }
  if (mask != around_.current_umask) {
    call(__NR_umask, mask);
    around_.current_umask = mask;
  }
  return 0;
}

// Its argument is a number, so the call may go on: there is nothing to change behind our back.
long Call::change_umask() {
  around_.umask_varies = true;
  return kContinue;
}

long Call::dispatch() {
  const auto& a = data_.args;
  switch (data_.nr) {
    case __NR_openat:
      return open(int_argument(0), a[1], unsigned_argument(2), unsigned_argument(3));
    case __NR_mkdirat:
      return make_directory(int_argument(0), a[1], unsigned_argument(2));
    case __NR_mknodat:
      return make_node(int_argument(0), a[1], unsigned_argument(2), unsigned_argument(3));
    case __NR_symlinkat:
      return make_symbolic_link(a[0], int_argument(1), a[2]);
    case __NR_linkat:
      return link(int_argument(0), a[1], int_argument(2), a[3], int_argument(4));
#ifdef __NR_renameat
    case __NR_renameat:
      return rename(int_argument(0), a[1], int_argument(2), a[3], 0);
#endif
    case __NR_renameat2:
      return rename(int_argument(0), a[1], int_argument(2), a[3], unsigned_argument(4));
    case __NR_truncate:
      return truncate(a[0], static_cast<std::int64_t>(a[1]));
    case __NR_unlinkat:
      return remove(int_argument(0), a[1], int_argument(2));
    case __NR_bind:
      return bind(int_argument(0), a[1], unsigned_argument(2));
    case __NR_connect:
      return connect(int_argument(0), a[1], unsigned_argument(2));
    case __NR_umask:
      return change_umask();
#ifdef __NR_open
    case __NR_open:
      return open(AT_FDCWD, a[0], unsigned_argument(1), unsigned_argument(2));
    case __NR_creat:
      return open(AT_FDCWD, a[0], O_CREAT | O_WRONLY | O_TRUNC, unsigned_argument(1));
    case __NR_mkdir:
      return make_directory(AT_FDCWD, a[0], unsigned_argument(1));
    case __NR_mknod:
      return make_node(AT_FDCWD, a[0], unsigned_argument(1), unsigned_argument(2));
    case __NR_symlink:
      return make_symbolic_link(a[0], AT_FDCWD, a[1]);
    case __NR_link:
      return link(AT_FDCWD, a[0], AT_FDCWD, a[1], 0);
    case __NR_rename:
      return rename(AT_FDCWD, a[0], AT_FDCWD, a[1], 0);
    case __NR_unlink:
      return remove(AT_FDCWD, a[0], 0);
    case __NR_rmdir:
      return remove(AT_FDCWD, a[0], AT_REMOVEDIR);
#endif
    default:
      return -ENOSYS;  // a filter that hands over what the broker does not know
  }
}

void Call::answer() {
  const long result = dispatch();
  if (result == kAnswered) return;
  seccomp_notif_resp response{};
  response.id = id_;
  if (result == kContinue) {
    response.flags = SECCOMP_USER_NOTIF_FLAG_CONTINUE;
  } else if (result < 0) {
    response.error = static_cast<int>(result);
  } else {
    response.val = result;
  }
  call(__NR_ioctl, around_.listener, SECCOMP_IOCTL_NOTIF_SEND, &response);
}

}  // namespace cordon::guard
