#include "store/journal.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <boost/crc.hpp>
#include <cstring>
#include <iterator>
#include <utility>

#include "core/try.h"

namespace cordon::store {

namespace {

// Nobody appends while a file this long is emptied.
constexpr std::uint64_t kLongFile = 8 << 20;

struct EntryHead {
  std::uint32_t size = 0;      // of what follows
  std::uint32_t checksum = 0;  // of the number, and of what follows
  std::int64_t number = 0;
};

std::uint32_t checksum_of(std::int64_t number, std::string_view bytes) {
  boost::crc_32_type crc;
  crc.process_bytes(&number, sizeof number);
  crc.process_bytes(bytes.data(), bytes.size());
  return crc.checksum();
}

Error write_error(const std::string& path, int error_number) {
  Error error = system_error("write down what has ended", path, error_number);
  if (error_number == ENOSPC || error_number == EDQUOT || error_number == EFBIG) {
    error.code = ErrorCode::ResourceExhausted;
  }
  return error;
}

}  // namespace

Result<std::unique_ptr<Journal>> Journal::open(const std::string& path, std::int64_t settled) {
  UniqueFd file(::open(path.c_str(), O_RDWR | O_APPEND | O_NOFOLLOW | O_CLOEXEC));
  if (!file.valid()) return std::unexpected(system_error("open the journal", path));
  std::unique_ptr<Journal> journal(new Journal(std::move(file), path, settled));
  TRY(journal->read(settled));
  return journal;
}

Result<void> Journal::read(std::int64_t settled) {
  struct stat status{};
  if (::fstat(file_.get(), &status) != 0) {
    return std::unexpected(system_error("read the journal", path_));
  }
  std::string bytes(static_cast<std::size_t>(status.st_size), '\0');
  std::size_t got = 0;
  while (got < bytes.size()) {
    const ssize_t size =
        ::pread(file_.get(), bytes.data() + got, bytes.size() - got, static_cast<off_t>(got));
    if (size < 0 && errno == EINTR) continue;
    if (size < 0) return std::unexpected(system_error("read the journal", path_));
    if (size == 0) break;
    got += static_cast<std::size_t>(size);
  }
  std::string_view rest = std::string_view(bytes).substr(0, got);
  EntryHead head;
  while (rest.size() >= sizeof head) {
    std::memcpy(&head, rest.data(), sizeof head);
    const std::string_view entry = rest.substr(sizeof head, head.size);
    if (entry.size() < head.size || checksum_of(head.number, entry) != head.checksum) break;
    rest.remove_prefix(sizeof head + head.size);
    last_ = std::max(last_, head.number);
    if (head.number > settled) entries_.push_back({head.number, std::string(entry)});
  }
  size_ = got - rest.size();
  waiting_ = entries_.size();
  // What is behind it would hide all that comes.
  if (::ftruncate(file_.get(), static_cast<off_t>(size_)) != 0) {
    return std::unexpected(system_error("cut the end off the journal", path_));
  }
  return {};
}

Result<void> Journal::append(std::string bytes) {
  const std::lock_guard lock(mutex_);
  const std::int64_t number = last_ + 1;
  const EntryHead head{.size = static_cast<std::uint32_t>(bytes.size()),
                       .checksum = checksum_of(number, bytes),
                       .number = number};
  std::string whole(sizeof head, '\0');
  std::memcpy(whole.data(), &head, sizeof head);
  whole += bytes;
  ssize_t written = 0;
  do {
    written = ::write(file_.get(), whole.data(), whole.size());
  } while (written < 0 && errno == EINTR);
  if (written != static_cast<ssize_t>(whole.size())) {
    const int error = written < 0 ? errno : ENOSPC;
    // A piece of an entry would hide all that comes behind it.
    (void)!::ftruncate(file_.get(), static_cast<off_t>(size_));
    return std::unexpected(write_error(path_, error));
  }
  last_ = number;
  size_ += whole.size();
  entries_.push_back({number, std::move(bytes)});
  waiting_.fetch_add(1, std::memory_order_release);
  return {};
}

Result<void> Journal::settle(const Settle& settle) {
  if (waiting() == 0) return {};
  const std::lock_guard settling(settling_);
  std::vector<JournalEntry> taken;
  {
    const std::lock_guard lock(mutex_);
    taken.swap(entries_);
  }
  if (taken.empty()) return {};
  auto settled = settle(taken);
  const std::lock_guard lock(mutex_);
  if (!settled) {
    std::ranges::move(entries_, std::back_inserter(taken));
    entries_.swap(taken);
    return settled;
  }
  waiting_.fetch_sub(taken.size(), std::memory_order_release);
  if (!entries_.empty() && size_ >= kLongFile) {
    settled = settle(entries_);
    if (!settled) return settled;
    waiting_ = 0;
    entries_.clear();
  }
  if (entries_.empty()) shorten();
  return settled;
}

// With the lock. A file that stays long does no harm: its entries are known to be settled.
void Journal::shorten() {
  if (size_ > 0 && ::ftruncate(file_.get(), 0) == 0) size_ = 0;
}

}  // namespace cordon::store
