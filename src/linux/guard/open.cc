// open, openat, creat.
#include <asm/errno.h>
#include <linux/fcntl.h>
#include <linux/openat2.h>
#include <linux/sched.h>

#include "linux/guard/call.h"

namespace cordon::guard {

namespace {

constexpr unsigned kDirectory = 0040000;
constexpr unsigned kFifo = 0010000;
constexpr unsigned kCharacterDevice = 0020000;
constexpr unsigned kTemporary = __O_TMPFILE;

// What openat takes without a word, openat2 refuses: as build_open_how() of the kernel.
constexpr unsigned kKnownFlags =
    O_ACCMODE | O_CREAT | O_EXCL | O_NOCTTY | O_TRUNC | O_APPEND | O_NONBLOCK | O_SYNC | FASYNC |
    O_DIRECT | O_LARGEFILE | O_DIRECTORY | O_NOFOLLOW | O_NOATIME | O_CLOEXEC | O_PATH | kTemporary;

bool is_controlling_terminal(const Place& place) {
  constexpr unsigned long kTerminal = 5UL << 8;  // makedev(5, 0), /dev/tty
  return place.is(kCharacterDevice) && place.status.st_rdev == kTerminal;
}

// The numbers of /proc/THREAD/stat start behind the command's name, which may hold anything.
long terminal_number(int thread) {
  Buffer<48> path;
  path.add("/proc/").add_number(static_cast<std::uint64_t>(thread)).add("/stat");
  const Fd fd(call(__NR_openat, AT_FDCWD, path.data, O_RDONLY | O_CLOEXEC, 0));
  if (!fd.valid()) return -ENXIO;
  char content[512]{};
  const long size = call(__NR_read, fd.get(), content, sizeof content);
  long at = size - 1;
  while (at > 0 && content[at] != ')') --at;
  constexpr int kField = 5;  // behind the name: state, parent, group, session, terminal
  for (int field = 0; at < size && field < kField; ++at) field += content[at] == ' ';
  if (at <= 0 || at >= size) return -ENXIO;
  long number = 0;
  for (; at < size && content[at] >= '0' && content[at] <= '9'; ++at) {
    number = number * 10 + (content[at] - '0');
  }
  return number;
}

}  // namespace

// Gives the guest the descriptor, and with it the answer. ENOENT: the guest is gone.
long Call::hand_over(long fd, unsigned flags) {
  seccomp_notif_addfd given{};
  given.id = id_;
  given.flags = SECCOMP_ADDFD_FLAG_SEND;
  given.srcfd = static_cast<std::uint32_t>(fd);
  given.newfd_flags = flags & O_CLOEXEC;
  const long result = call(__NR_ioctl, around_.listener, SECCOMP_IOCTL_NOTIF_ADDFD, &given);
  close_fd(fd);
  return result >= 0 || result == -ENOENT ? kAnswered : result;
}

// /dev/tty is whatever terminal its opener has; the broker has none.
long Call::open_terminal(unsigned flags) {
  const long number = terminal_number(guest_.thread());
  const long major = number >> 8 & 0xfff;
  constexpr long kFirst = 136;  // UNIX98 pseudo terminals, 256 to each of eight majors
  if (number <= 0 || major < kFirst || major >= kFirst + 8) return -ENXIO;
  Buffer<48> path;
  const auto minor = static_cast<std::uint64_t>((number & 0xff) | (number >> 12 & 0xfff00));
  path.add("/dev/pts/").add_number(static_cast<std::uint64_t>(major - kFirst) * 256 + minor);
  if (!waiting()) return kAnswered;
  const long fd = call(__NR_openat, AT_FDCWD, path.data,
                       (flags & ~(O_CREAT | O_TRUNC | O_NOFOLLOW)) | O_NOCTTY | O_CLOEXEC, 0);
  return fd < 0 ? fd : hand_over(fd, flags);
}

long Call::open_at(Place& place, unsigned flags, unsigned mode, bool may_wait) {
  flags |= O_CLOEXEC | O_NOCTTY;
  if (!may_wait) flags |= O_NONBLOCK;
  if (place.object.valid()) {
    // A file that is open already: its name may be gone, or never have been.
    Buffer<48> path;
    path.add("/proc/self/fd/").add_number(static_cast<std::uint64_t>(place.object.get()));
    flags &= ~(O_CREAT | O_EXCL | O_NOFOLLOW);
    return call(__NR_openat, AT_FDCWD, path.data, flags, mode);
  }
  // Where the name has become a link since it was looked at, from outside, it is not followed.
  // Unlike O_NOFOLLOW this does not show in the guest's F_GETFL.
  open_how how{flags, flags & (O_CREAT | kTemporary) ? mode & 07777 : 0, RESOLVE_NO_SYMLINKS};
  if (flags & O_NOFOLLOW) how.resolve = 0;
  return call(__NR_openat2, place.directory.get(), place.name.data, &how, sizeof how);
}

// The other end of a pipe may come in an hour. A child of the broker waits for it.
long Call::wait_for_other_end(Place& place, unsigned flags) {
  if (!waiting()) return kAnswered;
  const Waiters::Fork fork = waiters_.start(id_);
  if (!fork.child) return fork.result < 0 ? fork.result : kAnswered;
  const long fd = open_at(place, flags, 0, true);
  const long result = fd < 0 ? fd : hand_over(fd, flags);
  if (result != kAnswered) {
    seccomp_notif_resp response{id_, 0, static_cast<int>(result), 0};
    call(__NR_ioctl, around_.listener, SECCOMP_IOCTL_NOTIF_SEND, &response);
  }
  call(__NR_exit_group, 0);
  __builtin_trap();
}

long Call::open(int directory, std::uint64_t path, unsigned flags, unsigned mode) {
  flags &= kKnownFlags;
  if (flags & O_PATH) flags &= O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;
  const bool creates = flags & O_CREAT;
  const bool writes = (flags & O_ACCMODE) != O_RDONLY || flags & O_TRUNC;
  const bool keep = flags & O_NOFOLLOW || (creates && flags & O_EXCL);
  Place place;
  const long found = find(place, directory, path, keep ? Last::FollowSlash : Last::Follow);
  if (found < 0) return found;
  if (!place.exists && !creates) return -ENOENT;
  if (place.slash) {
    if (creates) return -EISDIR;
    flags |= O_DIRECTORY;
  }
  // A file without a name, made in this directory: it gets a name by link, if ever.
  const bool temporary = flags & kTemporary && place.is(kDirectory);
  const Act act = !place.exists ? Act::MakeFile : writes && !temporary ? Act::Write : Act::Read;
  if (const long refused = refusal(place, act); refused < 0) return refused;
  // The kernel hands over no such descriptor, so the guest makes it. The path may lead elsewhere by
  // then: that gives nothing, because whatever is opened by way of the descriptor is judged by the
  // name it has.
  if (flags & O_PATH) return kContinue;
  if (resolver_.about_broker(place.path.text()) && (writes || !place.is(kDirectory))) {
    return -EACCES;
  }
  if (is_controlling_terminal(place)) return open_terminal(flags);
  if (creates || temporary) {
    if (const long result = use_umask(); result < 0) return result;
  }
  if (!waiting()) return kAnswered;
  const bool may_block = !(flags & O_NONBLOCK);
  const bool pipe = place.is(kFifo) && may_block && (flags & O_ACCMODE) != O_RDWR;
  if (pipe && !writes) return wait_for_other_end(place, flags);
  const long fd = open_at(place, flags, mode, false);
  if (pipe && fd == -ENXIO) return wait_for_other_end(place, flags);
  // Somebody holds a lease on it.
  if (may_block && fd == -EAGAIN) return wait_for_other_end(place, flags & ~O_CREAT);
  if (fd < 0) return fd;
  if (may_block) call(__NR_fcntl, fd, F_SETFL, flags & (O_APPEND | O_DIRECT | O_NOATIME));
  return hand_over(fd, flags);
}

Waiters::Fork Waiters::start(std::uint64_t id) {
  if (count_ == kMost) return {false, -EAGAIN};
  int pidfd = -1;
  const long pid = call(__NR_clone, CLONE_PIDFD | 17 /* SIGCHLD */, 0, &pidfd, 0, 0);
  if (pid == 0) return {true, 0};
  if (pid < 0) return {false, pid};
  waiters_[count_++] = {id, pidfd};
  return {false, 0};
}

void Waiters::prune(int listener) {
  for (int i = 0; i < count_;) {
    Waiter& waiter = waiters_[i];
    if (call(__NR_ioctl, listener, SECCOMP_IOCTL_NOTIF_ID_VALID, &waiter.call) == 0) {
      ++i;
      continue;
    }
    // Answered, or its guest was killed.
    call(__NR_pidfd_send_signal, waiter.pidfd, 9 /* SIGKILL */, nullptr, 0);
    close_fd(waiter.pidfd);
    waiter = waiters_[--count_];
  }
}

}  // namespace cordon::guard
