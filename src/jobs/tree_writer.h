// Writes files, directories and links below one directory, and nowhere else, whatever their names
// are and whatever stands there.
#pragma once

#include <sys/stat.h>
#include <sys/types.h>

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "cordon/error.h"
#include "core/unique_fd.h"

namespace cordon::jobs {

struct Ownership {
  uid_t uid = 0;
  gid_t gid = 0;
};

struct TreeLimits {
  std::uint64_t most_bytes = 0;
  std::uint64_t most_entries = 0;
  // Asked before each entry, with its bytes: whether there is room for it beside what others write.
  std::function<bool(std::uint64_t bytes)> has_room = {};
};

// What to do about a file that is there.
enum class Existing { Refuse, Replace };

struct FileMeta {
  std::uint32_t mode = 0644;  // only 0777 of it counts
  timespec modified = {.tv_sec = 0, .tv_nsec = UTIME_OMIT};
};

// Paths are those of entry_path(). What is missing above an entry is made. Errors:
// ResourceExhausted: more than the limits, or the disk is full; InvalidArgument: a file stands
// where a directory shall, or the other way round; a name that is there twice; the way leads
// through a link.
class TreeWriter {
 public:
  // `root` must outlive the writer. What is made belongs to `owner`; absent: to this process.
  TreeWriter(int root, std::optional<Ownership> owner, TreeLimits limits, Existing existing)
      : root_(root), owner_(owner), limits_(std::move(limits)), existing_(existing) {}

  // Always writable and passable for its owner. One that is there: a success, for as many times as
  // there may be entries.
  Result<void> directory(const std::string& path, std::uint32_t mode);
  // What is missing of the way there, 0755; what is there stays as it is.
  Result<void> way(const std::string& path);
  // Empty, open for writing; `bytes` of it are counted.
  Result<UniqueFd> file(const std::string& path, std::uint64_t bytes);
  // Once it is written.
  Result<void> finish(const std::string& path, const UniqueFd& file, const FileMeta& meta);
  Result<void> symlink(const std::string& path, const std::string& target);
  // `target` is a file that was written here.
  Result<void> hard_link(const std::string& path, const std::string& target);

  std::uint64_t entries() const { return entries_; }
  std::uint64_t bytes() const { return bytes_; }

 private:
  struct Place {
    int directory = -1;  // this writer's
    std::string name;
  };
  Result<Place> place_of(const std::string& path);
  Result<UniqueFd> enter(const std::string& directory);
  Result<UniqueFd> make_way(const std::string& directory);
  Result<void> own(const Place& place, const std::string& path) const;
  Result<void> count(const std::string& path, std::uint64_t bytes);
  Result<void> count_again(const std::string& path);

  int root_;
  std::optional<Ownership> owner_;
  TreeLimits limits_;
  Existing existing_;
  std::uint64_t entries_ = 0;
  std::uint64_t again_ = 0;  // directories that were there
  std::uint64_t bytes_ = 0;
  std::string entered_;  // most entries lie in the directory of the one before
  UniqueFd entered_fd_;
};

}  // namespace cordon::jobs
