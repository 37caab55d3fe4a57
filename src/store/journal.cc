#include "store/journal.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <boost/crc.hpp>
#include <cstring>
#include <iterator>
#include <optional>
#include <utility>

#include "core/try.h"

namespace cordon::store {

namespace {

// Nobody appends while a file this long is emptied.
constexpr std::uint64_t kLongFile = 8 << 20;

// What is read at a time: an entry of any size, and many short ones.
constexpr std::size_t kPiece = 256 << 10;

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

struct FoundEntry {
  std::int64_t number = 0;
  std::string_view bytes;
};

// At the beginning of `rest`.
std::optional<FoundEntry> whole_entry(std::string_view rest) {
  EntryHead head;
  if (rest.size() < sizeof head) return std::nullopt;
  std::memcpy(&head, rest.data(), sizeof head);
  rest.remove_prefix(sizeof head);
  if (head.size > Journal::kMostBytes || head.size > rest.size()) return std::nullopt;
  const std::string_view bytes = rest.substr(0, head.size);
  if (checksum_of(head.number, bytes) != head.checksum) return std::nullopt;
  return FoundEntry{head.number, bytes};
}

// Whether an interrupted write explains the end of the file: `rest`, which has no whole entry.
bool is_cut_off(std::string_view rest) {
  EntryHead head;
  if (rest.size() < sizeof head) return true;
  std::memcpy(&head, rest.data(), sizeof head);
  rest.remove_prefix(sizeof head);
  if (head.size > Journal::kMostBytes || head.size <= rest.size()) return false;
  // An entry that is whole but for its size reaches beyond the end, too.
  boost::crc_32_type crc;
  crc.process_bytes(&head.number, sizeof head.number);
  for (const char byte : rest) {
    if (crc.checksum() == head.checksum) return false;
    crc.process_byte(static_cast<unsigned char>(byte));
  }
  return crc.checksum() != head.checksum;
}

// How much there was. Less than a piece: the file ends there.
Result<std::size_t> read_piece(int file, const std::string& path, off_t offset,
                               std::string& piece) {
  std::size_t got = 0;
  while (got < piece.size()) {
    const ssize_t size =
        ::pread(file, piece.data() + got, piece.size() - got, offset + static_cast<off_t>(got));
    if (size < 0 && errno == EINTR) continue;
    if (size < 0) return std::unexpected(system_error("read the journal", path));
    if (size == 0) break;
    got += static_cast<std::size_t>(size);
  }
  return got;
}

Error write_error(const std::string& path, int error_number) {
  Error error = system_error("write down what has ended", path, error_number);
  if (error_number == ENOSPC || error_number == EDQUOT || error_number == EFBIG) {
    error.code = ErrorCode::ResourceExhausted;
  }
  return error;
}

}  // namespace

Result<std::unique_ptr<Journal>> Journal::open(const std::string& path, std::int64_t settled,
                                               const Settle& settle) {
  UniqueFd file(::open(path.c_str(), O_RDWR | O_APPEND | O_NOFOLLOW | O_CLOEXEC));
  if (!file.valid()) return std::unexpected(system_error("open the journal", path));
  std::unique_ptr<Journal> journal(new Journal(std::move(file), path, settled));
  // Everything readable is in its place from here on: a kill before the next step repeats it.
  if (TRY(journal->read(settled, settle))) {
    TRY(journal->put_aside());
  } else if (::ftruncate(journal->file_.get(), 0) != 0) {
    // A piece of an entry would hide all that comes behind it.
    return std::unexpected(system_error("cut the end off the journal", path));
  }
  return journal;
}

Result<bool> Journal::read(std::int64_t settled, const Settle& settle) {
  std::vector<JournalEntry> found;
  const auto hand_out = [&]() -> Result<void> {
    if (!found.empty()) TRY(settle(found));
    found.clear();
    return {};
  };
  std::string piece(kPiece, '\0');
  for (off_t offset = 0;;) {
    const std::size_t got = TRY(read_piece(file_.get(), path_, offset, piece));
    std::string_view rest = std::string_view(piece).substr(0, got);
    while (const auto entry = whole_entry(rest)) {
      rest.remove_prefix(sizeof(EntryHead) + entry->bytes.size());
      last_ = std::max(last_, entry->number);
      if (entry->number > settled) found.push_back({entry->number, std::string(entry->bytes)});
    }
    TRY(hand_out());
    // A piece is longer than any entry: none at its beginning means that none is there.
    if (rest.size() == got) return !rest.empty() && !is_cut_off(rest);
    offset += static_cast<off_t>(got - rest.size());
  }
}

Result<void> Journal::put_aside() {
  const std::string aside = path_ + std::string(kDamagedSuffix);
  if (::rename(path_.c_str(), aside.c_str()) != 0) {
    return std::unexpected(system_error("put the damaged journal aside", aside));
  }
  file_ = UniqueFd(
      ::open(path_.c_str(), O_RDWR | O_APPEND | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600));
  if (!file_.valid()) return std::unexpected(system_error("begin a new journal", path_));
  return {};
}

Result<void> Journal::append(std::string bytes) {
  if (bytes.size() > kMostBytes) {
    return std::unexpected(invalid_argument("write down what has ended", path_,
                                            "what is this long goes to the database at once"));
  }
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
