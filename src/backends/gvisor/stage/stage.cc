// Runs in a gVisor sandbox, as its first process, before the command, and becomes it: puts itself
// into a control group of gVisor's own kernel that counts tasks, and gives up every right that this
// took. runsc has no option for it.
//
// argv: its name, the number of tasks, the places where the command may be, "--", the command's
// argv.
#include <asm/unistd.h>
#include <linux/capability.h>
#include <linux/mount.h>
#include <linux/prctl.h>

#include "linux/raw_syscall.h"

namespace {

using cordon::raw::call;

constexpr int kExitCannotRun = 125;
constexpr int kExitNotExecutable = 126;
constexpr int kExitNotFound = 127;
constexpr long kNotPermitted = -13;  // -EACCES
constexpr long kNoEntry = -2;        // -ENOENT
constexpr long kNoDirectory = -20;   // -ENOTDIR
constexpr int kCurrentDirectory = -100;
constexpr int kWriteOnly = 1;
constexpr int kCloseOnExec = 02000000;  // of every architecture here; a call less than to close
constexpr int kStderr = 2;

// There in every sandbox, empty, and of no use to a command.
constexpr const char* kPlace = "/sys/fs/cgroup";
constexpr const char* kGroup = "/sys/fs/cgroup/command";
constexpr const char* kMost = "/sys/fs/cgroup/command/pids.max";
// What bundle.cc gives it, all of it; the last is what it takes to give up one.
constexpr int kRights[] = {CAP_SYS_ADMIN, CAP_DAC_OVERRIDE, CAP_SETPCAP};
constexpr const char* kStatus = "/proc/self/status";
constexpr const char* kMembers = "/sys/fs/cgroup/command/cgroup.procs";

std::size_t length(const char* text) {
  std::size_t size = 0;
  // Volatile, so that no compiler makes a call to strlen of it.
  const volatile char* at = text;
  while (at[size] != 0) ++size;
  return size;
}

[[noreturn]] void end(int status) {
  for (;;) call(__NR_exit_group, status);
}

void say(const char* text) { call(__NR_write, kStderr, text, length(text)); }

void need(long result, const char* what) {
  if (result >= 0) return;
  say("cordon: gVisor's kernel does not let tasks be counted: ");
  say(what);
  say("\n");
  end(kExitCannotRun);
}

void write_to(const char* path, const char* text) {
  const long file = call(__NR_openat, kCurrentDirectory, path, kWriteOnly | kCloseOnExec, 0);
  need(file, path);
  need(call(__NR_write, file, text, length(text)), path);
}

void count_tasks(const char* most) {
  need(call(__NR_mount, "none", kPlace, "cgroup", 0, "pids"), "mount");
  need(call(__NR_mkdirat, kCurrentDirectory, kGroup, 0755), kGroup);
  write_to(kMost, most);
  write_to(kMembers, "1");  // the sandbox's first process
  // It counts as long as it is mounted, and nobody may reach it: neither raise the number nor
  // leave.
  need(call(__NR_mount, "none", kPlace, "tmpfs", MS_RDONLY | MS_NOSUID | MS_NODEV | MS_NOEXEC,
            "size=4096,mode=0555"),
       "cover");
}

// The line "CapBnd:" of /proc/self/status, in hexadecimal, has to be zero. One read for all: to ask
// prctl(2) for each right would be 41 calls, and each is dear here.
bool bounding_set_is_empty() {
  static char text[4096];
  const long file = call(__NR_openat, kCurrentDirectory, kStatus, kCloseOnExec, 0);
  need(file, kStatus);
  const long size = call(__NR_read, file, text, sizeof text);
  need(size, kStatus);
  constexpr char kLine[] = "\nCapBnd:\t0000000000000000\n";
  constexpr long kLength = sizeof kLine - 1;
  for (long at = 0; at + kLength <= size; ++at) {
    long same = 0;
    while (same < kLength && text[at + same] == kLine[same]) ++same;
    if (same == kLength) return true;
  }
  return false;
}

void give_up_rights() {
  // Of the bounding set, too: the command is user 0, who gets from there what he executes with.
  for (const int right : kRights) {
    need(call(__NR_prctl, PR_CAPBSET_DROP, right, 0, 0, 0), "drop a right");
  }
  if (!bounding_set_is_empty()) need(-1, "a right stays");
  __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
  const __user_cap_data_struct none[2]{};
  need(call(__NR_capset, &header, none), "capset");
}

[[noreturn]] void become(char** candidates, char** argv, char** environment) {
  long verdict = kNoEntry;
  for (; *candidates != nullptr; ++candidates) {
    const long result = call(__NR_execve, *candidates, argv, environment);
    if (result != kNoEntry && result != kNoDirectory) verdict = result;
    if (result != kNoEntry && result != kNoDirectory && result != kNotPermitted) break;
  }
  say("cordon: ");
  say(argv[0]);
  say(verdict == kNoEntry ? ": not found\n" : ": cannot be executed\n");
  end(verdict == kNoEntry ? kExitNotFound : kExitNotExecutable);
}

}  // namespace

extern "C" [[noreturn]] void cordon_stage_main(long* stack) {
  const long count = stack[0];
  char** const argv = reinterpret_cast<char**>(stack + 1);
  char** const environment = argv + count + 1;
  char** command = argv + 2;
  while (command < argv + count &&
         !((*command)[0] == '-' && (*command)[1] == '-' && !(*command)[2])) {
    ++command;
  }
  if (count < 4 || command + 1 >= argv + count) need(-1, "its words");
  *command++ = nullptr;
  count_tasks(argv[1]);
  give_up_rights();
  become(argv + 2, command, environment);
}

#if defined(__x86_64__)
asm(".globl _start\n_start:\n\txor %ebp, %ebp\n\tmov %rsp, %rdi\n\tand $-16, %rsp\n\tcall "
    "cordon_stage_main\n");
#elif defined(__aarch64__)
asm(".globl _start\n_start:\n\tmov x29, #0\n\tmov x0, sp\n\tbl cordon_stage_main\n");
#endif
