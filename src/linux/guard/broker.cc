#include "linux/guard/broker.h"

#include <asm/errno.h>
#include <linux/fcntl.h>
#include <linux/poll.h>
#include <linux/time_types.h>

#include "linux/guard/call.h"

namespace cordon::guard {

namespace {

// Whoever is notified runs next on the same processor: the guest waits for nothing else. 6.6.
void ask_for_synchronous_wakeups(int listener) {
  constexpr unsigned kSetFlags = 0x40082104;  // SECCOMP_IOCTL_NOTIF_SET_FLAGS
  constexpr std::uint64_t kSyncWakeUp = 1;
  call(__NR_ioctl, listener, kSetFlags, kSyncWakeUp);
}

// -1: nobody is left who could call. 0: nothing within the time.
int await_call(int listener, long milliseconds) {
  pollfd waiting{listener, POLLIN, 0};
  const __kernel_timespec time{0, milliseconds * 1'000'000};
  const long ready = call(__NR_ppoll, &waiting, 1, &time, nullptr, 0);
  if (ready > 0 && waiting.revents & POLLHUP) return -1;
  return ready > 0 && waiting.revents & POLLIN ? 1 : 0;
}

std::uint64_t device_of(const char* path) {
  struct stat status{};
  call(__NR_newfstatat, AT_FDCWD, path, &status, 0);
  return status.st_dev;
}

}  // namespace

void serve(const BrokerSetup& setup) {
  // Its working directory is a guest's for the time of a call.
  constexpr unsigned long kFileSystem = 0x200;  // CLONE_FS
  call(__NR_unshare, kFileSystem);
  const auto mask = static_cast<std::uint32_t>(call(__NR_umask, 077));
  call(__NR_umask, mask);
  Surroundings around{setup.listener,
                      setup.table,
                      static_cast<int>(call(__NR_getpid)),
                      static_cast<int>(call(__NR_gettid)),
                      static_cast<int>(call(__NR_openat, AT_FDCWD, "/proc/self/fd",
                                            O_PATH | O_DIRECTORY | O_CLOEXEC, 0)),
                      device_of("/"),
                      mask,
                      false,
                      mask};
  lower_reading_rights();
  ask_for_synchronous_wakeups(setup.listener);
  Waiters waiters;
  constexpr long kPrunePeriod = 50;
  while (true) {
    if (waiters.any()) {
      const int ready = await_call(setup.listener, kPrunePeriod);
      waiters.prune(setup.listener);
      if (ready < 0) break;
      if (ready == 0) continue;
    }
    seccomp_notif notice{};
    const long received = call(__NR_ioctl, setup.listener, SECCOMP_IOCTL_NOTIF_RECV, &notice);
    // ENOENT: the caller died before it was heard, or nobody is left.
    if (received == -ENOENT && await_call(setup.listener, 0) < 0) break;
    if (received == -EINTR || received == -ENOENT) continue;
    if (received < 0) break;
    Call(around, waiters, notice).answer();
  }
  close_fd(setup.listener);
}

}  // namespace cordon::guard
