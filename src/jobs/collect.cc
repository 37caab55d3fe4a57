#include "jobs/collect.h"

#include <fcntl.h>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

#include "core/printable.h"
#include "core/try.h"
#include "core/units.h"
#include "jobs/beneath.h"
#include "jobs/walk_tree.h"

namespace cordon::jobs {

namespace {

constexpr std::size_t kMostPatterns = 1000;

std::string_view word(mode_t mode) {
  switch (mode & S_IFMT) {
    case S_IFLNK:
      return "a symbolic link";
    case S_IFIFO:
      return "a pipe";
    case S_IFSOCK:
      return "a socket";
    default:
      return "a device";
  }
}

class Collector {
 public:
  Collector(const JobCollection& collection, Wanted& wanted, ArtifactSink& sink,
            const std::function<void(std::uint64_t)>& progress, JobResult& result)
      : collection_(collection),
        wanted_(wanted),
        sink_(sink),
        progress_(progress),
        result_(result),
        most_bytes_(most_bytes_of(collection)) {}

  Result<Step> look(const Walked& one) {
    const bool wanted = wanted_.match(one.path);
    if (S_ISDIR(one.status.st_mode)) {
      if (!wanted) return wanted_.may_match_beneath(one.path) ? Step::On : Step::Past;
      TRY(sink_.directory(one.path, one.status.st_mode & 0777));
      return Step::On;
    }
    if (!wanted) return Step::On;
    if (result_.artifacts.size() + result_.unlisted >= collection_.most_files) {
      result_.artifacts_complete = false;
      return Step::End;
    }
    TRY(take(one));
    hold_list();
    return Step::On;
  }

 private:
  JobArtifact& add(const Walked& one) {
    JobArtifact artifact;
    artifact.path = one.path;
    artifact.bytes = static_cast<std::uint64_t>(one.status.st_size);
    artifact.mode = one.status.st_mode & 0777;
    return result_.artifacts.emplace_back(std::move(artifact));
  }

  // A guest chooses how long its paths are: 4 KiB each, for many thousand files.
  void hold_list() {
    const std::uint64_t bytes = result_.artifacts.back().path.size();
    if (listed_bytes_ + bytes <= collection_.most_listed_bytes.value_or(UINT64_MAX)) {
      listed_bytes_ += bytes;
      return;
    }
    if (!result_.artifacts.back().content.empty()) result_.artifacts_complete = false;
    result_.artifacts.pop_back();
    ++result_.unlisted;
  }

  void leave(JobArtifact& artifact, std::string problem) {
    artifact.problem = std::move(problem);
    result_.artifacts_complete = false;
  }

  Result<void> take(const Walked& one) {
    JobArtifact& artifact = add(one);
    if (!S_ISREG(one.status.st_mode)) {
      leave(artifact,
            fmt::format("it is {}; files and directories are collected", word(one.status.st_mode)));
      return {};
    }
    if (artifact.bytes > collection_.most_file_bytes) {
      leave(artifact,
            fmt::format("it has {}, and a file of at most {} is collected",
                        format_size(artifact.bytes), format_size(collection_.most_file_bytes)));
      return {};
    }
    if (artifact.bytes > most_bytes_ - bytes_) {
      leave(artifact, fmt::format("it has {}, and at most {} are collected together",
                                  format_size(artifact.bytes), format_size(most_bytes_)));
      return {};
    }
    // Looked at before it is opened: a device does things when it is.
    const UniqueFd found = open_beneath(one.directory, one.name, O_PATH | O_NOFOLLOW);
    struct stat status{};
    const bool same = found.valid() && ::fstat(found.get(), &status) == 0 &&
                      S_ISREG(status.st_mode) && status.st_size == one.status.st_size;
    const UniqueFd file = same ? reopen(found.get(), O_RDONLY | O_NONBLOCK) : UniqueFd();
    if (!file.valid()) {
      leave(artifact, same ? system_error("read").message() : "it was replaced meanwhile");
      return {};
    }
    TRY(sink_.file(artifact, file.get(), {.mode = artifact.mode, .modified = one.status.st_mtim}));
    bytes_ += artifact.bytes;
    if (progress_) progress_(bytes_);
    return {};
  }

  const JobCollection& collection_;
  Wanted& wanted_;
  ArtifactSink& sink_;
  const std::function<void(std::uint64_t)>& progress_;
  JobResult& result_;
  std::uint64_t most_bytes_;
  std::uint64_t bytes_ = 0;
  std::uint64_t listed_bytes_ = 0;
};

}  // namespace

Result<Wanted> Wanted::parse(const std::vector<std::string>& patterns) {
  Wanted read;
  if (patterns.size() > kMostPatterns) {
    return std::unexpected(invalid_argument("collect", fmt::format("{} patterns", patterns.size()),
                                            fmt::format("at most {} can be", kMostPatterns)));
  }
  for (const std::string& written : patterns) {
    const auto refuse = [&](std::string detail) {
      Error error = invalid_argument("collect", printable(written), std::move(detail));
      error.remedy = "write a path or a pattern below the work directory, as in coverage.out";
      return std::unexpected(std::move(error));
    };
    if (written.starts_with('/')) return refuse("it begins with /, outside the work directory");
    const bool up = written == ".." || written.starts_with("../") || written.ends_with("/..") ||
                    written.contains("/../");
    if (up) return refuse("a part .. leads out of the work directory");
    constexpr std::array<std::string_view, 2> kEverything = {".", "./"};
    Pattern pattern;
    pattern.written = written;
    pattern.everything = std::ranges::find(kEverything, written) != kEverything.end();
    if (!pattern.everything) {
      auto glob = Glob::parse(written);
      if (!glob) return refuse(glob.error().detail);
      if (glob->components().empty()) return refuse("it names nothing");
      pattern.glob = *std::move(glob);
    }
    read.patterns_.push_back(std::move(pattern));
  }
  return read;
}

bool Wanted::match(const std::string& path) {
  bool wanted = false;
  for (Pattern& pattern : patterns_) {
    if (!pattern.everything && !pattern.glob.covers(path)) continue;
    pattern.found = wanted = true;
  }
  return wanted;
}

bool Wanted::may_match_beneath(const std::string& path) const {
  return std::ranges::any_of(patterns_, [&](const Pattern& pattern) {
    return pattern.everything || pattern.glob.may_match_beneath(path);
  });
}

std::vector<std::string> Wanted::missing() const {
  std::vector<std::string> missing;
  for (const Pattern& pattern : patterns_) {
    if (!pattern.found && !pattern.everything) missing.push_back(pattern.written);
  }
  return missing;
}

Result<void> collect(int work_dir, const JobCollection& collection, Wanted& wanted,
                     ArtifactSink& sink, const std::function<void(std::uint64_t bytes)>& progress,
                     JobResult& result) {
  if (wanted.empty()) return sink.finish();
  Collector collector(collection, wanted, sink, progress, result);
  auto walked =
      walk_tree(work_dir, Locked::Unlock, [&](const Walked& one) { return collector.look(one); });
  if (!walked) {
    // Deeper than anybody looks: what was found counts.
    if (walked.error().operation != "list") return walked;
    result.artifacts_complete = false;
    result.collect_error = walked.error().message();
  }
  result.missing = wanted.missing();
  return sink.finish();
}

}  // namespace cordon::jobs
