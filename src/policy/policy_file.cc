#include "policy/policy_file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <utility>

#include "core/try.h"
#include "core/unique_fd.h"
#include "core/units.h"

namespace cordon {

namespace {

constexpr std::size_t kDeepestInclude = 8;

std::unexpected<Error> refuse(const std::string& path, std::string detail,
                              std::string remedy = {}) {
  Error error = invalid_argument("read the policy", path, std::move(detail));
  error.remedy = std::move(remedy);
  return std::unexpected(std::move(error));
}

Result<void> check_trust(const std::string& path, const struct stat& status) {
  const uid_t caller = ::geteuid();
  if (status.st_uid != caller && status.st_uid != 0) {
    return refuse(
        path,
        fmt::format("it belongs to user {}, who could let the command do anything", status.st_uid),
        fmt::format("chown it to {} or root", caller));
  }
  if ((status.st_mode & (S_IWGRP | S_IWOTH)) != 0) {
    return refuse(path, "others can write to it, and could let the command do anything",
                  fmt::format("chmod go-w {}", path));
  }
  return {};
}

Result<std::string> read_all(int fd, const std::string& path) {
  std::string text;
  text.resize(kMostPolicyBytes + 1);
  std::size_t size = 0;
  while (size < text.size()) {
    const ssize_t got = ::read(fd, text.data() + size, text.size() - size);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return std::unexpected(system_error("read the policy", path));
    if (got == 0) break;
    size += static_cast<std::size_t>(got);
  }
  if (size > kMostPolicyBytes) {
    return refuse(path, fmt::format("it has more than {}", format_size(kMostPolicyBytes)));
  }
  text.resize(size);
  return text;
}

class Loader {
 public:
  Result<void> load(const PolicyFile& file) {
    if (std::ranges::find(open_, file.path) != open_.end()) {
      return refuse(file.path, fmt::format("it includes itself: {} -> {}", fmt::join(open_, " -> "),
                                           file.path));
    }
    if (open_.size() >= kDeepestInclude) {
      return refuse(file.path, fmt::format("includes are nested more than {} deep: {}",
                                           kDeepestInclude, fmt::join(open_, " -> ")));
    }
    ReadPolicy read = read_policy(file);
    if (!read.problems.empty()) return std::unexpected(std::move(read.problems.front()));
    PolicyDocument document = std::move(read.document);
    open_.push_back(file.path);
    const std::string folder = file.path.substr(0, file.path.rfind('/') + 1);
    for (const PolicyEntry& entry : document.entries) {
      if (entry.key != Key::Include) continue;
      const std::string path = entry.text.starts_with('/') ? entry.text : folder + entry.text;
      const auto included = TRY(read_policy_file(path, Trust::Owner));
      if (!included) {
        return refuse_entry(document, entry, fmt::format("there is no file {}", path));
      }
      TRY(load(*included));
    }
    open_.pop_back();
    documents_.push_back(std::move(document));
    return {};
  }

  std::vector<PolicyDocument> take() { return std::move(documents_); }

 private:
  std::vector<std::string> open_;
  std::vector<PolicyDocument> documents_;
};

}  // namespace

Result<std::optional<PolicyFile>> read_policy_file(const std::string& path, Trust trust) {
  // A FIFO must not make us wait, and a link in a work directory must not make us quote another
  // file in a message.
  const int flags =
      O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY | (trust == Trust::Nobody ? O_NOFOLLOW : 0);
  const UniqueFd fd(::open(path.c_str(), flags));
  if (!fd.valid()) {
    if (errno == ENOENT || errno == ENOTDIR) return std::nullopt;
    if (errno == ELOOP) return refuse(path, "it is a symbolic link", "put the file itself there");
    return std::unexpected(system_error("read the policy", path));
  }
  struct stat status{};
  if (::fstat(fd.get(), &status) != 0) {
    return std::unexpected(system_error("read the policy", path));
  }
  if (!S_ISREG(status.st_mode)) return refuse(path, "it is no regular file");
  if (trust == Trust::Owner) TRY(check_trust(path, status));
  return PolicyFile{path, TRY(read_all(fd.get(), path))};
}

ReadPolicy read_policy(const PolicyFile& file) {
  return file.path.ends_with(".json") ? read_json(file.text, file.path)
                                      : read_toml(file.text, file.path);
}

Result<std::vector<PolicyDocument>> load_with_includes(const PolicyFile& file) {
  Loader loader;
  TRY(loader.load(file));
  return loader.take();
}

}  // namespace cordon
