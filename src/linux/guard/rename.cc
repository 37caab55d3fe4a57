// rename and link: calls about two names.
#include <asm/errno.h>
#include <linux/fcntl.h>
#include <linux/fs.h>

#include "linux/guard/call.h"
#include "linux/guard/git_config.h"

namespace cordon::guard {

namespace {

constexpr unsigned kDirectory = 0040000;
constexpr unsigned kLink = 0120000;

Act arrival(const Place& from) {
  if (from.is(kDirectory)) return Act::MoveDirectory;
  return from.is(kLink) ? Act::MakeLink : Act::MakeFile;
}

// Whether the directory holds what the rest of a rule names, or something else on the way to it.
bool holds(const Table& table, const Place& directory, const Difference& difference) {
  Fd here(call(__NR_openat, directory.directory.get(), directory.name.data,
               O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC, 0));
  if (!here.valid()) return true;
  for (std::size_t i = 0; i < difference.count; ++i) {
    const Component& component =
        table.component(difference.rule->first_component + difference.first + i);
    PathBuffer name;
    name.add(table.text(component.text, component.size));
    const long next = call(__NR_openat, here.get(), name.data, O_PATH | O_NOFOLLOW | O_CLOEXEC, 0);
    if (next == -ENOENT) return false;
    if (next < 0 || i + 1 == difference.count) {
      if (next >= 0) close_fd(next);
      return true;
    }
    here.reset(next);
    struct stat status{};
    if (call(__NR_newfstatat, here.get(), "", &status, AT_EMPTY_PATH) < 0) return true;
    if ((status.st_mode & 0170000) != kDirectory) return true;
  }
  return true;
}

}  // namespace

// A directory that moves takes its content along. Where rules say something else about that
// content here than there, it must not have any such content. What a wildcard could name is not
// searched for: EXDEV makes mv(1) and its like copy file by file, and each is judged by its name.
// So too where it would be protected and is not there: another sandbox that works in the same
// directory may put it in after we looked.
long Call::may_bring_content(Place& from, Text to) {
  const Text path = from.path.text();
  const bool plain = is_ascii(path) && is_ascii(to);
  const Folding folding = plain ? Folding::Ascii : folding_of(from, plain ? path : Text("\x80"));
  const Table& table = *around_.table;
  long result = 0;
  differences(table, path, to, folding, [&](const Difference& difference) {
    bool literal = true;
    for (std::size_t i = 0; i < difference.count; ++i) {
      const Component& component =
          table.component(difference.rule->first_component + difference.first + i);
      literal = literal && component.shape == Shape::Literal;
    }
    if (!literal || !holds(table, from, difference)) {
      const bool could_come = difference.arrives && difference.rule->kind == Kind::Protect;
      if (!literal || could_come) result = -EXDEV;
      return true;  // there may be a plainer refusal
    }
    result = difference.rule->kind == Kind::Protect ? -EPERM : -EACCES;
    return false;
  });
  return result;
}

long Call::may_move(Place& from, Place& to, bool both_ways) {
  if (const long refused = refusal(from, Act::Remove); refused < 0) return refused;
  if (const long refused = refusal(to, arrival(from)); refused < 0) return refused;
  if (from.is(kDirectory)) {
    if (const long refused = may_bring_content(from, to.path.text()); refused < 0) return refused;
  }
  if (!both_ways) return 0;
  if (const long refused = refusal(from, arrival(to)); refused < 0) return refused;
  if (const long refused = refusal(to, Act::Remove); refused < 0) return refused;
  return to.is(kDirectory) ? may_bring_content(to, from.path.text()) : 0;
}

// A file of settings is judged by what it says. Whoever wrote it may still have it open: so what
// takes the name is a copy, of exactly what was judged.
long Call::replace_git_config(Place& from, Place& to) {
  constexpr unsigned kRegular = 0100000;
  if (const long refused = refusal(from, Act::Remove); refused < 0) return refused;
  if (!from.is(kRegular) || from.slash || to.slash || (to.exists && !to.is(kRegular))) {
    return -EPERM;
  }
  Fd source(call(__NR_openat, from.directory.get(), from.name.data,
                 O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, 0));
  if (!source.valid()) return -EPERM;
  Buffer<kLongestGitConfig + 1> content;
  while (content.size < kLongestGitConfig) {
    const long size = call(__NR_read, source.get(), content.data + content.size,
                           kLongestGitConfig - content.size);
    if (size < 0) return size;
    if (size == 0) break;
    content.size += static_cast<std::size_t>(size);
  }
  if (content.size == kLongestGitConfig || !is_harmless_git_config(content.text())) return -EPERM;
  if (!waiting()) return kAnswered;
  PathBuffer name;
  name.add(to.name.text()).add(".cordon");
  call(__NR_unlinkat, to.directory.get(), name.data, 0);
  const long made = call(__NR_openat, to.directory.get(), name.data,
                         O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
  if (made < 0) return made;
  const Fd copy(made);
  long result = call(__NR_fchmod, copy.get(), from.status.st_mode & 0777);
  const long written = call(__NR_write, copy.get(), content.data, content.size);
  if (written != static_cast<long>(content.size)) result = written < 0 ? written : -ENOSPC;
  if (result >= 0) {
    result =
        call(__NR_renameat2, to.directory.get(), name.data, to.directory.get(), to.name.data, 0);
  }
  if (result < 0) {
    call(__NR_unlinkat, to.directory.get(), name.data, 0);
    return result;
  }
  call(__NR_unlinkat, from.directory.get(), from.name.data, 0);
  return 0;
}

long Call::rename(int old_directory, std::uint64_t old_path, int new_directory,
                  std::uint64_t new_path, unsigned flags) {
  Place from;
  Place to;
  if (const long result = find(from, old_directory, old_path, Last::Keep); result < 0) {
    return result;
  }
  if (const long result = find(to, new_directory, new_path, Last::Keep); result < 0) return result;
  if (!from.exists) return -ENOENT;
  const Verdict target = verdict(to);
  if (target.kind == Kind::Protect && target.flags & kHarmlessGitConfig && flags == 0) {
    return replace_git_config(from, to);
  }
  if (!from.itself && !to.itself) {
    if (const long refused = may_move(from, to, flags & RENAME_EXCHANGE); refused < 0) {
      return refused;
    }
  }
  if (from.slash && !from.itself) from.name.add("/");
  if (to.slash && !to.itself) to.name.add("/");
  if (!waiting()) return kAnswered;
  return call(__NR_renameat2, from.directory.get(), from.name.data, to.directory.get(),
              to.name.data, flags);
}

long Call::link(int old_directory, std::uint64_t old_path, int new_directory,
                std::uint64_t new_path, int flags) {
  if (flags & ~(AT_EMPTY_PATH | AT_SYMLINK_FOLLOW)) return -EINVAL;
  Place from;
  Place to;
  if (const long result = guest_.read_path(old_path, from.text); result < 0) return result;
  const Last last = flags & AT_SYMLINK_FOLLOW ? Last::Follow : Last::Keep;
  const long found = flags & AT_EMPTY_PATH && from.text.size == 0
                         ? resolver_.locate_descriptor(from, old_directory)
                         : resolver_.locate(from, old_directory, last);
  if (found < 0) return found;
  if (const long result = find(to, new_directory, new_path, Last::Keep); result < 0) return result;
  if (!from.exists) return -ENOENT;
  if (to.exists) return -EEXIST;
  // The second name of a protected file would be a way to change it.
  if (const long refused = refusal(from, Act::Remove); refused < 0) return refused;
  if (const long refused = refusal(to, arrival(from)); refused < 0) return refused;
  if (to.slash) to.name.add("/");
  if (!waiting()) return kAnswered;
  if (from.object.valid()) {
    Buffer<48> path;
    path.add("/proc/self/fd/").add_number(static_cast<std::uint64_t>(from.object.get()));
    return call(__NR_linkat, AT_FDCWD, path.data, to.directory.get(), to.name.data,
                AT_SYMLINK_FOLLOW);
  }
  if (from.slash && !from.itself) from.name.add("/");
  return call(__NR_linkat, from.directory.get(), from.name.data, to.directory.get(), to.name.data,
              0);
}

}  // namespace cordon::guard
