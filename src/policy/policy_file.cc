#include "policy/policy_file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <utility>

#include "core/trusted_path.h"
#include "core/try.h"
#include "core/unique_fd.h"
#include "core/units.h"

namespace cordon {

namespace {

constexpr std::size_t kDeepestInclude = 8;
constexpr std::string_view kReading = "read the policy";

std::unexpected<Error> refuse(const std::string& path, std::string detail,
                              std::string remedy = {}) {
  Error error = invalid_argument(std::string(kReading), path, std::move(detail));
  error.remedy = std::move(remedy);
  return std::unexpected(std::move(error));
}

Result<void> check_trust(const std::string& path, const struct stat& status) {
  const uid_t caller = ::geteuid();
  if (status.st_uid != caller && status.st_uid != 0) {
    return refuse(
        path,
        fmt::format("it belongs to user {}, who could let the command do anything", status.st_uid),
        caller == 0 ? fmt::format("chown root {}", path)
                    : fmt::format("chown {} {}", caller, path));
  }
  if ((status.st_mode & (S_IWGRP | S_IWOTH)) != 0) {
    return refuse(path, "others can write to it, and could let the command do anything",
                  fmt::format("chmod go-w {}", path));
  }
  // Whoever can rename what is on the way chooses which of our files is read.
  return check_way_to(kReading, path);
}

Result<std::string> read_all(int fd, const std::string& path) {
  std::string text;
  text.resize(kMostPolicyBytes + 1);
  std::size_t size = 0;
  while (size < text.size()) {
    const ssize_t got = ::read(fd, text.data() + size, text.size() - size);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return std::unexpected(system_error(std::string(kReading), path));
    if (got == 0) break;
    size += static_cast<std::size_t>(got);
  }
  if (size > kMostPolicyBytes) {
    return refuse(
        path, fmt::format("it has more than {}; that is no policy", format_size(kMostPolicyBytes)));
  }
  text.resize(size);
  return text;
}

class Loader {
 public:
  Result<void> load(const PolicyFile& file) {
    ReadPolicy read = read_policy(file);
    if (!read.problems.empty()) return std::unexpected(std::move(read.problems.front()));
    PolicyDocument document = std::move(read.document);
    open_.push_back(file.path);
    for (const PolicyEntry& entry : document.entries) {
      if (entry.key == Key::Include) TRY(include(document, entry));
    }
    open_.pop_back();
    documents_.push_back(std::move(document));
    return {};
  }

  std::vector<PolicyDocument> take() { return std::move(documents_); }

 private:
  Result<void> include(const PolicyDocument& document, const PolicyEntry& entry) {
    const std::string& from = open_.back();
    const std::string path =
        entry.text.starts_with('/') ? entry.text : from.substr(0, from.rfind('/') + 1) + entry.text;
    if (std::ranges::find(open_, path) != open_.end()) {
      return refuse_entry(document, entry,
                          fmt::format("it includes itself: {} -> {}; leave one of these out",
                                      fmt::join(open_, " -> "), path));
    }
    if (open_.size() >= kDeepestInclude) {
      return refuse_entry(document, entry,
                          fmt::format("includes are nested more than {} deep: {}; name the file "
                                      "further up",
                                      kDeepestInclude, fmt::join(open_, " -> ")));
    }
    auto included = read_policy_file(path, Trust::Owner);
    if (!included) {
      std::string place = origin_of(document, entry);
      return std::unexpected(std::move(included).error().in(place));
    }
    if (!*included) {
      return refuse_entry(document, entry, fmt::format("there is no file {}", path));
    }
    return load(**included);
  }

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
    return std::unexpected(system_error(std::string(kReading), path));
  }
  struct stat status{};
  if (::fstat(fd.get(), &status) != 0) {
    return std::unexpected(system_error(std::string(kReading), path));
  }
  if (!S_ISREG(status.st_mode)) return refuse(path, "it is no regular file", "name a file");
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
