// What has ended, written down in the shortest way there is: one write at the end of a file. The
// database takes it over later, many at a time.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "cordon/error.h"
#include "core/unique_fd.h"

namespace cordon::store {

struct JournalEntry {
  std::int64_t number = 0;  // rises, across restarts too
  std::string bytes;
};

// Thread-safe. One process at a time uses the file.
class Journal {
 public:
  static constexpr std::size_t kMostBytes = 32 << 10;  // of an entry
  // Where a damaged journal goes: beside the path, with this behind its name.
  static constexpr std::string_view kDamagedSuffix = ".damaged";

  // Takes the entries over; they are on their way out of the journal when it succeeds, and remain
  // when it fails. Oldest first, never empty. It also keeps the number of the last one, with them
  // or not at all: that is `settled` at the next start.
  using Settle = std::function<Result<void>(std::span<const JournalEntry>)>;

  // The file exists. What an earlier process left there with numbers above `settled` goes to
  // `settle`, in pieces, whatever the file's size. An entry that the end of that process cut off is
  // cut off here. Damage that no interrupted write explains is put aside as it is, in place of an
  // older one, once what is readable before it is settled.
  static Result<std::unique_ptr<Journal>> open(const std::string& path, std::int64_t settled,
                                               const Settle& settle);
  Journal(const Journal&) = delete;
  Journal& operator=(const Journal&) = delete;

  // Survives SIGKILL of this process when it returns. Errors: ResourceExhausted: the disk is full.
  // InvalidArgument: more than kMostBytes.
  Result<void> append(std::string bytes);
  // All that was appended before the call. Returns at once when there is nothing.
  Result<void> settle(const Settle& settle);
  std::size_t waiting() const { return waiting_.load(std::memory_order_acquire); }

 private:
  Journal(UniqueFd file, std::string path, std::int64_t last)
      : file_(std::move(file)), path_(std::move(path)), last_(last) {}
  // Whether the end is damaged; an end that is cut off is not.
  Result<bool> read(std::int64_t settled, const Settle& settle);
  Result<void> put_aside();
  void shorten();

  UniqueFd file_;  // another one only before anybody else has this
  const std::string path_;
  std::mutex settling_;  // taken before the other
  std::mutex mutex_;     // the rest
  std::vector<JournalEntry> entries_;
  std::int64_t last_;  // number
  std::uint64_t size_ = 0;
  std::atomic<std::size_t> waiting_ = 0;  // those that are being settled are among them
};

}  // namespace cordon::store
