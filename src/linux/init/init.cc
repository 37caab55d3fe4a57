// The sandbox's first process (PID 1 of its PID namespace; a child subreaper where there is none):
// a freestanding static program of a few kilobytes, embedded in the library and run from a sealed
// memfd.
//
// argv: "cordon-init", the command's pid, then "fd:name" for each cgroup directory to remove when
// the supervisor dies before it could.
//
// It reaps, passes signals on, reports how the command ended, and ends everything when the
// supervisor is gone. With a guard (argv: "guard" behind the pid) a second thread of it is the
// broker, so that neither ever waits for the other. The broker reads what guests wrote; the reaper
// never does.
#include <asm/stat.h>
#include <asm/unistd.h>
#include <linux/mman.h>
#include <linux/prctl.h>
#include <linux/resource.h>
#include <linux/sched.h>
#include <linux/types.h>
#include <linux/wait.h>

#include "linux/guard/broker.h"
#include "linux/init/protocol.h"
#include "linux/kernel.h"
#include "linux/raw_syscall.h"
#include "linux/spawn_call.h"

namespace {

using cordon::init::CommandEnded;
using cordon::init::kControlFd;
using cordon::init::SignalCommand;
using cordon::raw::call;

constexpr int kSigKill = 9;
constexpr int kSigChild = 17;
constexpr long kInterrupted = -4;  // -EINTR
constexpr long kNoChild = -10;     // -ECHILD
constexpr short kPollIn = 1;
constexpr int kRemoveDirectory = 0x200;  // AT_REMOVEDIR

struct PollFd {
  int fd;
  short events;
  short revents;
};

struct TimeSpec {
  long seconds;
  long nanoseconds;
};

int parse_number(const char*& text) {
  int value = 0;
  while (*text >= '0' && *text <= '9') value = value * 10 + (*text++ - '0');
  return value;
}

void pause_for(long nanoseconds) {
  const TimeSpec time{0, nanoseconds};
  call(__NR_nanosleep, &time, nullptr);
}

// Kills the direct children one by one: for a subreaper, whose pid -1 would be the whole user.
// Orphans become direct children as their parents die, so repeating this reaches the whole tree.
void kill_children() {
  const long fd = call(__NR_openat, -100, "/proc/thread-self/children", 0, 0);
  if (fd < 0) return;
  char buffer[4096];
  const long size = call(__NR_read, fd, buffer, sizeof buffer - 1);
  call(__NR_close, fd);
  if (size <= 0) return;
  buffer[size] = 0;
  const char* cursor = buffer;
  while (*cursor) {
    const int pid = parse_number(cursor);
    // A number cut off at the end of the buffer is not a pid: the next round reads it whole.
    if (pid > 0 && *cursor == ' ') call(__NR_kill, pid, kSigKill);
    while (*cursor && (*cursor < '0' || *cursor > '9')) ++cursor;
  }
}

void kill_everything(bool first_of_namespace) {
  for (int round = 0; round < 20000; ++round) {
    if (first_of_namespace) {
      call(__NR_kill, -1, kSigKill);
    } else {
      kill_children();
    }
    long reaped;
    do {
      reaped = call(__NR_wait4, -1, nullptr, WNOHANG | __WALL, nullptr);
    } while (reaped > 0 || reaped == kInterrupted);
    if (reaped == kNoChild) return;
    pause_for(200'000);
  }
}

[[noreturn]] void leave() {
  call(__NR_exit_group, 0);
  __builtin_trap();
}

void remove_cgroups(char** places) {
  for (; *places; ++places) {
    const char* text = *places;
    const int fd = parse_number(text);
    if (*text != ':') continue;
    // The kernel lets go of a dead task a moment after it is reaped.
    for (int attempt = 0; attempt < 100; ++attempt) {
      const long removed = call(__NR_unlinkat, fd, text + 1, kRemoveDirectory);
      if (removed != -16) break;  // -EBUSY
      pause_for(1'000'000);
    }
  }
}

std::uint64_t nanoseconds(const rusage& usage) {
  return static_cast<std::uint64_t>(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) *
             1'000'000'000U +
         static_cast<std::uint64_t>(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) * 1'000U;
}

void report_end(int status, const rusage& usage) {
  CommandEnded ended{};
  ended.wait_status = status;
  // Whoever lost his parent is a child of this process; whoever has one is below a child of it.
  ended.others = call(__NR_wait4, -1, nullptr, WNOHANG | __WALL, nullptr) != kNoChild;
  ended.cpu_time_ns = nanoseconds(usage);
  ended.memory_peak_bytes = static_cast<std::uint64_t>(usage.ru_maxrss) * 1024U;
  ended.io_read_bytes = static_cast<std::uint64_t>(usage.ru_inblock) * 512U;
  ended.io_write_bytes = static_cast<std::uint64_t>(usage.ru_oublock) * 512U;
  call(__NR_sendto, kControlFd, &ended, sizeof ended, 0x4000 /* MSG_NOSIGNAL */, nullptr, 0);
}

// Returns once the command has been reaped.
void reap(int command, bool first_of_namespace) {
  for (;;) {
    int status = 0;
    rusage usage{};
    const long pid = call(__NR_wait4, -1, &status, WNOHANG | __WALL, &usage);
    if (pid == kInterrupted) continue;
    if (pid <= 0) return;
    if (pid == command) {
      // Everything else dies before the end is reported: for PID 1 the kernel sees to it on exit.
      if (!first_of_namespace) kill_everything(first_of_namespace);
      report_end(status, usage);
      leave();
    }
  }
}

// ---- the guard ----

alignas(16) char broker_stack[cordon::guard::kBrokerStack];

void run_broker(void* table) {
  cordon::guard::serve({cordon::init::kListenerFd, static_cast<cordon::guard::Table*>(table)});
  call(__NR_exit, 0);
  __builtin_trap();
}

// Without a broker the guests' calls must fail, not wait: nobody may hold the listener then.
void start_broker() {
  using cordon::init::kGuardRulesFd;
  using cordon::init::kListenerFd;
  struct stat status{};
  long mapped = call(__NR_newfstatat, kGuardRulesFd, "", &status, 0x1000 /* AT_EMPTY_PATH */);
  if (mapped >= 0) {
    mapped = call(__NR_mmap, nullptr, status.st_size, PROT_READ, MAP_PRIVATE, kGuardRulesFd, 0);
  }
  call(__NR_close, kGuardRulesFd);
  auto* table = reinterpret_cast<cordon::guard::Table*>(mapped);
  const auto size = static_cast<std::size_t>(status.st_size);
  bool started = mapped > 0 && size >= sizeof *table && cordon::guard::valid(*table, size);
  if (started) {
    cordon::kernel::CloneArgs args{};
    args.flags = CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_THREAD | CLONE_SYSVSEM;
    args.stack = reinterpret_cast<std::uint64_t>(broker_stack);
    args.stack_size = sizeof broker_stack;
    started = cordon::raw::spawn_call(args, run_broker, table) > 0;
  }
  if (!started) call(__NR_close, kListenerFd);
}

// What the exec brought along is the broker's.
void drop_reading_right() {
  cordon::kernel::CapabilityHeader header{cordon::kernel::kCapabilityVersion3, 0};
  const cordon::kernel::CapabilityData none[2]{};
  call(__NR_capset, &header, none);
}

[[noreturn]] void run(char** argv, char** places) {
  call(__NR_prctl, PR_SET_DUMPABLE, 0, 0, 0, 0);
  call(__NR_prctl, PR_SET_NAME, "cordon-init", 0, 0, 0);
  const char* text = argv[1];
  const int command = parse_number(text);
  const bool first_of_namespace = call(__NR_getpid) == 1;

  const std::uint64_t child_signal = 1ULL << (kSigChild - 1);
  call(__NR_rt_sigprocmask, 0 /* SIG_BLOCK */, &child_signal, nullptr, sizeof child_signal);
  if (argv[2]) start_broker();
  drop_reading_right();
  const long signals = call(__NR_signalfd4, -1, &child_signal, sizeof child_signal, 0);

  reap(command, first_of_namespace);  // it may have ended before the signal was watched
  for (;;) {
    PollFd fds[2] = {{static_cast<int>(signals), kPollIn, 0}, {kControlFd, kPollIn, 0}};
    const long ready = call(__NR_ppoll, fds, 2, nullptr, nullptr, 0);
    if (ready < 0) continue;
    if (fds[0].revents) {
      char info[128];
      call(__NR_read, signals, info, sizeof info);
      reap(command, first_of_namespace);
    }
    if (fds[1].revents) {
      SignalCommand message{};
      const long size =
          call(__NR_recvfrom, kControlFd, &message, sizeof message, 0, nullptr, nullptr);
      if (size == sizeof message) {
        call(__NR_kill, command, message.signal);
      } else if (size != kInterrupted) {
        kill_everything(first_of_namespace);
        remove_cgroups(places);
        leave();
      }
    }
  }
}

}  // namespace

extern "C" [[noreturn]] __attribute__((used)) void cordon_init_main(long* stack) {
  const long count = *stack;
  char** argv = reinterpret_cast<char**>(stack + 1);
  run(argv, argv + count + 1);
}

#if defined(__x86_64__)
asm(".globl _start\n_start:\n\txor %ebp, %ebp\n\tmov %rsp, %rdi\n\tand $-16, %rsp\n\tcall "
    "cordon_init_main\n");
#elif defined(__aarch64__)
asm(".globl _start\n_start:\n\tmov x29, #0\n\tmov x0, sp\n\tbl cordon_init_main\n");
#endif

// The compiler may call these for aggregate initialisation; there is no libc to take them from.
#if defined(__x86_64__)
extern "C" void* memset(void* target, int byte, std::size_t size) {
  void* to = target;
  asm volatile("rep stosb" : "+D"(to), "+c"(size) : "a"(byte) : "memory");
  return target;
}
extern "C" void* memcpy(void* target, const void* source, std::size_t size) {
  void* to = target;
  asm volatile("rep movsb" : "+D"(to), "+S"(source), "+c"(size) : : "memory");
  return target;
}
#else
extern "C" void* memset(void* target, int byte, std::size_t size) {
  auto* bytes = static_cast<volatile char*>(target);
  for (std::size_t i = 0; i < size; ++i) bytes[i] = static_cast<char>(byte);
  return target;
}
extern "C" void* memcpy(void* target, const void* source, std::size_t size) {
  auto* to = static_cast<volatile char*>(target);
  const auto* from = static_cast<const char*>(source);
  for (std::size_t i = 0; i < size; ++i) to[i] = from[i];
  return target;
}
#endif
