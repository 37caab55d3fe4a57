#include "observe/path_calls.h"

#include <asm/unistd.h>

#include <algorithm>
#include <array>
#include <iterator>

#ifndef __NR_fchmodat2
#define __NR_fchmodat2 452
#endif

namespace cordon::observe {

namespace {

using enum Attempt;

constexpr PathCall plain(long number, Attempt attempt, Links links = Links::Follow) {
  return {.number = number, .first = {-1, 0, attempt}, .second = {}, .links = links};
}

constexpr PathCall at(long number, Attempt attempt, Links links = Links::Follow,
                      std::int8_t flags = -1) {
  return {.number = number, .first = {0, 1, attempt}, .second = {}, .links = links, .flags = flags};
}

constexpr PathCall by_descriptor(long number, Attempt attempt) {
  return {.number = number, .first = {0, -1, attempt}, .second = {}};
}

constexpr PathCall kCalls[] = {
#ifdef __NR_open
    {.number = __NR_open,
     .first = {-1, 0, Read},
     .second = {},
     .flags = 1,
     .special = Special::Open},
    plain(__NR_creat, Create),
    plain(__NR_stat, LookAt),
    plain(__NR_lstat, LookAt, Links::Keep),
    plain(__NR_access, LookAt),
    plain(__NR_readlink, LookAt, Links::Keep),
    plain(__NR_mkdir, Create, Links::Keep),
    plain(__NR_mknod, Create, Links::Keep),
    {.number = __NR_symlink, .first = {-1, 1, Create}, .second = {}, .links = Links::Keep},
    {.number = __NR_link,
     .first = {-1, 0, Link},
     .second = {-1, 1, Create},
     .two = true,
     .links = Links::Keep},
    {.number = __NR_rename,
     .first = {-1, 0, Rename},
     .second = {-1, 1, Create},
     .two = true,
     .links = Links::Keep},
    plain(__NR_unlink, Delete, Links::Keep),
    plain(__NR_rmdir, Delete, Links::Keep),
    plain(__NR_chmod, Change),
    plain(__NR_chown, Change),
    plain(__NR_lchown, Change, Links::Keep),
    plain(__NR_utime, Change),
    plain(__NR_utimes, Change),
    at(__NR_futimesat, Change),
#endif
#ifdef __NR_newfstatat
    at(__NR_newfstatat, LookAt, Links::KeepIfFlag, 3),
#endif
#ifdef __NR_renameat
    {.number = __NR_renameat,
     .first = {0, 1, Rename},
     .second = {2, 3, Create},
     .two = true,
     .links = Links::Keep},
#endif
    {.number = __NR_openat,
     .first = {0, 1, Read},
     .second = {},
     .flags = 2,
     .special = Special::Open},
    {.number = __NR_openat2,
     .first = {0, 1, Read},
     .second = {},
     .flags = 2,
     .special = Special::OpenHow},
    at(__NR_statx, LookAt, Links::KeepIfFlag, 2),
    at(__NR_faccessat, LookAt),
    at(__NR_faccessat2, LookAt, Links::KeepIfFlag, 3),
    at(__NR_readlinkat, LookAt, Links::Keep),
    plain(__NR_statfs, LookAt),
    plain(__NR_chdir, LookAt),
    plain(__NR_getxattr, LookAt),
    plain(__NR_lgetxattr, LookAt, Links::Keep),
    plain(__NR_listxattr, LookAt),
    plain(__NR_llistxattr, LookAt, Links::Keep),
    {.number = __NR_inotify_add_watch, .first = {-1, 1, LookAt}, .second = {}},
    {.number = __NR_execve, .first = {-1, 0, Execute}, .second = {}, .special = Special::Execute},
    {.number = __NR_execveat,
     .first = {0, 1, Execute},
     .second = {},
     .links = Links::KeepIfFlag,
     .flags = 4,
     .special = Special::Execute},
    at(__NR_mkdirat, Create, Links::Keep),
    at(__NR_mknodat, Create, Links::Keep),
    {.number = __NR_symlinkat, .first = {1, 2, Create}, .second = {}, .links = Links::Keep},
    {.number = __NR_linkat,
     .first = {0, 1, Link},
     .second = {2, 3, Create},
     .two = true,
     .links = Links::FollowIfFlag,
     .flags = 4},
    {.number = __NR_renameat2,
     .first = {0, 1, Rename},
     .second = {2, 3, Create},
     .two = true,
     .links = Links::Keep},
    at(__NR_unlinkat, Delete, Links::Keep),
    plain(__NR_truncate, Write),
    by_descriptor(__NR_fchmod, Change),
    by_descriptor(__NR_fchown, Change),
    by_descriptor(__NR_fsetxattr, Change),
    at(__NR_fchmodat, Change),
    at(__NR_fchmodat2, Change, Links::KeepIfFlag, 3),
    at(__NR_fchownat, Change, Links::KeepIfFlag, 4),
    at(__NR_utimensat, Change, Links::KeepIfFlag, 3),
    plain(__NR_setxattr, Change),
    plain(__NR_lsetxattr, Change, Links::Keep),
    plain(__NR_removexattr, Change),
    plain(__NR_lremovexattr, Change, Links::Keep),
};

constexpr bool by_number(const PathCall& a, const PathCall& b) { return a.number < b.number; }

constexpr auto sorted() {
  std::array<PathCall, std::size(kCalls)> calls{};
  std::copy(std::begin(kCalls), std::end(kCalls), calls.begin());
  std::sort(calls.begin(), calls.end(), by_number);
  return calls;
}

constexpr auto kSorted = sorted();

}  // namespace

const PathCall* path_call(std::int64_t number) {
  const auto* found =
      std::lower_bound(kSorted.begin(), kSorted.end(), number,
                       [](const PathCall& call, std::int64_t n) { return call.number < n; });
  return found != kSorted.end() && found->number == number ? &*found : nullptr;
}

}  // namespace cordon::observe
