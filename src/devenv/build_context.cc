#include "devenv/build_context.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <optional>

#include "core/try.h"
#include "devenv/context_file.h"

namespace cordon::devenv {

namespace {

constexpr std::size_t kBlock = 512;
constexpr mode_t kPermissions = 07777;

// "SIZE path=...\n", where SIZE counts itself.
std::string pax_record(std::string_view key, std::string_view value) {
  const std::size_t rest = key.size() + value.size() + 3;
  std::size_t size = rest + 1;
  while (fmt::formatted_size("{}", size) + rest != size) {
    size = fmt::formatted_size("{}", size) + rest;
  }
  return fmt::format("{} {}={}\n", size, key, value);
}

std::string padded(std::string text) {
  text.resize((text.size() + kBlock - 1) / kBlock * kBlock, '\0');
  return text;
}

std::string ustar_head(std::string_view name, mode_t mode, std::uint64_t size,
                       std::int64_t modified, char type, std::string_view link) {
  std::array<char, kBlock> head{};
  const auto put = [&](std::size_t at, std::size_t most, std::string_view text) {
    std::memcpy(head.data() + at, text.data(), std::min(most, text.size()));
  };
  constexpr std::size_t kSum = 148;
  put(0, 100, name);
  put(100, 8, fmt::format("{:07o}", mode & kPermissions));
  put(108, 8, "0000000");
  put(116, 8, "0000000");
  put(124, 12, fmt::format("{:011o}", size));
  put(136, 12, fmt::format("{:011o}", std::clamp<std::int64_t>(modified, 0, 077777777777)));
  put(kSum, 8, "        ");
  head[156] = type;
  put(157, 100, link);
  put(257, 8, std::string_view("ustar\00000", 8));
  unsigned sum = 0;
  for (const char c : head) sum += static_cast<unsigned char>(c);
  put(kSum, 8, fmt::format("{:06o}", sum) + std::string("\0 ", 2));
  return {head.data(), head.size()};
}

std::string tar_head(std::string_view name, mode_t mode, std::uint64_t size, std::int64_t modified,
                     std::string_view link = {}) {
  constexpr std::size_t kMostName = 99;
  constexpr std::uint64_t kMostSize = 077777777777;
  std::string extra;
  if (name.size() > kMostName) extra += pax_record("path", name);
  if (link.size() > kMostName) extra += pax_record("linkpath", link);
  if (size > kMostSize) extra += pax_record("size", fmt::format("{}", size));
  std::string head;
  if (!extra.empty()) {
    head = ustar_head("pax", 0644, extra.size(), 0, 'x', "");
    head += padded(std::move(extra));
  }
  const char type = S_ISDIR(mode) ? '5' : S_ISLNK(mode) ? '2' : '0';
  return head + ustar_head(name, mode, std::min(size, kMostSize), modified, type, link);
}

void add_entry(Sha256& hash, const ContextEntry& entry, std::string_view link) {
  hash.add_field(entry.path);
  hash.add_field(fmt::format("{:o} {}", entry.mode, entry.size));
  hash.add_field(link);
}

// The archive, piece by piece.
class Archive {
 public:
  Archive(const UniqueFd& directory, const std::vector<ContextEntry>& entries,
          std::string dockerfile, std::shared_ptr<Sha256> hash)
      : directory_(directory), entries_(entries), hash_(std::move(hash)) {
    // The engine reads both, and then takes them out of what the build sees.
    const std::string ignore =
        fmt::format("{}\n{}\n", BuildContext::kIgnoreFile, BuildContext::kDockerfile);
    for (const auto& [name, text] :
         {std::pair<std::string_view, const std::string&>(BuildContext::kIgnoreFile, ignore),
          {BuildContext::kDockerfile, dockerfile}}) {
      piece_ += tar_head(name, S_IFREG | 0644, text.size(), 0) + padded(text);
    }
  }

  Result<std::string_view> next() {
    if (!piece_.empty()) {
      given_ = std::exchange(piece_, {});
      return given_;
    }
    if (file_) return next_of_file();
    if (at_ == entries_.size()) {
      if (std::exchange(ended_, true)) return std::string_view();
      given_.assign(2 * kBlock, '\0');
      return given_;
    }
    const ContextEntry& entry = entries_[at_++];
    std::string link;
    if (S_ISLNK(entry.mode)) link = TRY(read_link(directory_, entry));
    add_entry(*hash_, entry, link);
    if (S_ISREG(entry.mode)) {
      file_ = TRY(open_entry(directory_, entry));
      left_ = entry.size;
    }
    const std::string name = entry.path + (S_ISDIR(entry.mode) ? "/" : "");
    given_ = tar_head(name, entry.mode, entry.size, entry.modified, link);
    if (left_ == 0) file_.reset();
    return given_;
  }

 private:
  Result<std::string_view> next_of_file() {
    const std::string_view piece = TRY(read_piece(*file_, buffer_, left_, entries_[at_ - 1].path));
    hash_->add(piece);
    left_ -= piece.size();
    if (left_ > 0) return piece;
    file_.reset();
    const std::uint64_t over = entries_[at_ - 1].size % kBlock;
    if (over != 0) piece_.assign(kBlock - over, '\0');
    return piece;
  }

  const UniqueFd& directory_;
  const std::vector<ContextEntry>& entries_;
  std::shared_ptr<Sha256> hash_;
  std::size_t at_ = 0;
  std::optional<UniqueFd> file_;
  std::uint64_t left_ = 0;
  std::string piece_;  // comes before anything else
  std::string given_;
  std::string buffer_;
  bool ended_ = false;
};

}  // namespace

Result<std::string> BuildContext::content_hash() const {
  Sha256 hash;
  std::string buffer;
  for (const ContextEntry& entry : entries_) {
    std::string link;
    if (S_ISLNK(entry.mode)) link = TRY(read_link(directory_, entry));
    add_entry(hash, entry, link);
    if (!S_ISREG(entry.mode)) continue;
    const UniqueFd file = TRY(open_entry(directory_, entry));
    for (std::uint64_t left = entry.size; left > 0;) {
      const std::string_view piece = TRY(read_piece(file, buffer, left, entry.path));
      hash.add(piece);
      left -= piece.size();
    }
  }
  return hash.hex();
}

engine::BodySource BuildContext::archive(std::string dockerfile,
                                         std::shared_ptr<Sha256> hash) const {
  auto archive =
      std::make_shared<Archive>(directory_, entries_, std::move(dockerfile), std::move(hash));
  return [archive] { return archive->next(); };
}

}  // namespace cordon::devenv
