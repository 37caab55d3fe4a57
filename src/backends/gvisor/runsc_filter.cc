#include "gvisor/runsc_filter.h"

#include <fcntl.h>
#include <linux/audit.h>
#include <linux/seccomp.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <map>
#include <utility>
#include <vector>

namespace cordon::gvisor {

namespace {

#if defined(__x86_64__)
constexpr unsigned kArchitecture = AUDIT_ARCH_X86_64;
#elif defined(__aarch64__)
constexpr unsigned kArchitecture = AUDIT_ARCH_AARCH64;
#endif

constexpr unsigned kSetId = S_ISUID | S_ISGID;
constexpr unsigned kMakesFile = O_CREAT | (O_TMPFILE & ~O_DIRECTORY);
constexpr unsigned kFchmodat2 = 452;  // of every architecture; Linux 6.6

struct Changes {
  unsigned call;
  unsigned mode;  // which argument
};

constexpr Changes kChanges[] = {
    {SYS_fchmod, 1}, {SYS_fchmodat, 2}, {kFchmodat2, 2}, {SYS_mknodat, 2},
#if defined(__x86_64__)
    {SYS_chmod, 1},  {SYS_creat, 1},    {SYS_mknod, 1},
#endif
};

struct Opens {
  unsigned call;
  unsigned flags;
  unsigned mode;  // means something where a file may be made
};

constexpr Opens kOpens[] = {
    {SYS_openat, 2, 3},
#if defined(__x86_64__)
    {SYS_open, 1, 2},
#endif
};

// The lower half, on machines that are little-endian.
sock_filter load_argument(unsigned number) {
  return BPF_STMT(BPF_LD | BPF_W | BPF_ABS, static_cast<unsigned>(offsetof(seccomp_data, args) +
                                                                  number * sizeof(std::uint64_t)));
}

using Filter = std::vector<sock_filter>;

void append(Filter& filter, std::initializer_list<sock_filter> steps) {
  filter.insert(filter.end(), steps);
}

void refuse_set_id_modes(Filter& filter) {
  const sock_filter allow = BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
  const sock_filter refuse = BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM);
  for (const Changes& one : kChanges) {
    append(filter, {BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, one.call, 0, 4), load_argument(one.mode),
                    BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, kSetId, 0, 1), refuse, allow});
  }
  for (const Opens& one : kOpens) {
    append(filter, {BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, one.call, 0, 6), load_argument(one.flags),
                    BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, kMakesFile, 0, 3), load_argument(one.mode),
                    BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, kSetId, 0, 1), refuse, allow});
  }
}

Filter make_filter(SetIdModes modes, Barriers barriers) {
  const sock_filter allow = BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
  // A number means another call where another architecture's are made.
  Filter filter = {BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, arch)),
                   BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, kArchitecture, 1, 0), allow,
                   BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr))};
  if (modes == SetIdModes::Refused) refuse_set_id_modes(filter);
  if (barriers == Barriers::Missing) {
    append(filter, {BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_membarrier, 0, 1),
                    BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | ENOSYS)});
  }
  filter.push_back(allow);
  return filter;
}

}  // namespace

std::span<const sock_filter> filter_of_runsc(SetIdModes modes, Barriers barriers) {
  static const std::map<std::pair<SetIdModes, Barriers>, Filter> kFilters = [] {
    std::map<std::pair<SetIdModes, Barriers>, Filter> filters;
    for (const auto one : {SetIdModes::AsEver, SetIdModes::Refused}) {
      for (const auto two : {Barriers::AsEver, Barriers::Missing}) {
        filters[{one, two}] = make_filter(one, two);
      }
    }
    return filters;
  }();
  return kFilters.at({modes, barriers});
}

}  // namespace cordon::gvisor
