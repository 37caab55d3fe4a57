#include "native/directory_names.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>

#include "core/unique_fd.h"

namespace cordon::native {

namespace {

// About a thousand names.
constexpr std::size_t kMostBytes = 32 * 1024;

DirectoryNames::Kind kind_of(unsigned char type) {
  switch (type) {
    case DT_DIR:
      return DirectoryNames::Kind::Directory;
    case DT_LNK:
    case DT_UNKNOWN:
      return DirectoryNames::Kind::Unknown;
    default:
      return DirectoryNames::Kind::Other;
  }
}

}  // namespace

void DirectoryNames::forget() {
  entries_.clear();
  complete_ = false;
}

void DirectoryNames::read(int directory) {
  forget();
  const UniqueFd listed(openat(directory, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!listed.valid()) return;
  listing_.resize(kMostBytes);
  std::size_t filled = 0;
  while (true) {
    const long size =
        syscall(SYS_getdents64, listed.get(), listing_.data() + filled, listing_.size() - filled);
    if (size < 0) return;  // also where there is no room left for another name
    if (size == 0) break;
    filled += static_cast<std::size_t>(size);
  }
  for (std::size_t at = 0; at < filled;) {
    const auto* entry = reinterpret_cast<const dirent64*>(listing_.data() + at);
    entries_.push_back({entry->d_name, kind_of(entry->d_type)});
    at += entry->d_reclen;
  }
  std::ranges::sort(entries_, {}, &Entry::name);
  complete_ = true;
}

DirectoryNames::Kind DirectoryNames::find(std::string_view name) const {
  if (!complete_) return Kind::Unknown;
  const auto found = std::ranges::lower_bound(entries_, name, {}, &Entry::name);
  return found == entries_.end() || found->name != name ? Kind::Absent : found->kind;
}

}  // namespace cordon::native
