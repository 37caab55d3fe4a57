// A job: files in, one command in a sandbox over them, files out. It always ends, and leaves
// nothing behind but what it was asked to collect.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "cordon/backend.h"
#include "cordon/error.h"
#include "cordon/execution.h"
#include "cordon/execution_record.h"
#include "cordon/policy.h"
#include "cordon/tier.h"

namespace cordon {

// What the work directory starts from: one of them at most. Everything is copied; the original is
// never changed and never seen by the command.
//
// A tar (plain, or packed with gzip, bzip2, xz or zstd) is unpacked by Cordon, below the work
// directory and nowhere else. It is refused as a whole where it names something outside ("..", an
// absolute path, a link that leads out), names a file twice, goes through a link, or brings a
// device, a pipe or a socket. Of a directory such links and special files are left out, and listed.
// Owners, set-id bits and extended attributes are not taken over.
struct JobInput {
  std::string directory;  // absolute
  std::string tar_file;   // absolute
  int tar_fd = -1;        // not owned; read to its end, waited for no longer than the timeout
  std::string tar_data;
  // Files, directories and links. How many bytes: Limits::disk_bytes.
  std::uint64_t most_entries = 1'000'000;
};

// What comes back. Patterns are below the work directory ("coverage.out", "reports", "**/*.log"; a
// directory comes whole, "." is everything). Regular files and directories only: nothing is read
// through a link, a pipe or a device. Set-id bits are dropped.
struct JobCollection {
  std::vector<std::string> patterns;
  std::string directory;  // absolute, made if it is missing; files of the same name are replaced
  // Not owned; written there as one tar. Its reader is waited for as long as the job has time, and
  // ten seconds more where it was over before. Neither: JobArtifact::content.
  int tar_fd = -1;
  std::uint64_t most_bytes = 1ULL << 30;  // together; into memory: 64 MiB at most
  std::uint64_t most_file_bytes = 1ULL << 30;
  std::size_t most_files = 100'000;  // the list of them is in memory
  // Of all paths in the list together; absent: all are listed. What is beyond it is collected all
  // the same, but for what was to come back in JobArtifact::content.
  std::optional<std::uint64_t> most_listed_bytes;
};

enum class JobPhase { Image, Input, Running, Collecting, Ended };

std::string_view to_string(JobPhase phase);

struct JobProgress {
  JobPhase phase = JobPhase::Input;
  std::uint64_t entries = 0;  // taken in, or collected, so far
  std::uint64_t bytes = 0;
};

struct Job {
  std::string id;  // of the caller's, [A-Za-z0-9._-], at most 64; empty: one is made
  std::string command;
  std::vector<std::string> args;  // without argv[0]
  // Where it begins: a directory below the work directory ("src"), made if the input has none of
  // that name. Empty: the work directory. Paths of rules, input and artifacts are not about it.
  std::string begin_in;
  std::string image;  // for backends that take one
  PullPolicy pull = PullPolicy::Missing;
  std::optional<Tier> tier;  // absent, and no backend: the first that can run here
  std::string backend;
  // Files, network (none unless it says so), limits, environment. Limits that it leaves open are
  // those of `cordon run`, and half an hour. The timeout is that of the whole job, fetching its
  // image and reading its input included. Limits::disk_bytes also bounds the work directory.
  Policy policy;
  WeakerGuarantees weaker_guarantees = WeakerGuarantees::Refuse;
  JobInput input;
  JobCollection collect;
  std::string stdin_data;  // given to the command, then stdin_fd, then end of file
  int stdin_fd = -1;       // not owned
  // Live output, besides what the result keeps: to sinks, which have to be quick; to descriptors,
  // not owned, whose readers may be slow: the command waits for them, and its deadline does not.
  OutputSink on_stdout;
  OutputSink on_stderr;
  int stdout_fd = -1;
  int stderr_fd = -1;
  // At most about ten times a second, and when a phase begins, on the thread that runs the job.
  std::function<void(const JobProgress&)> on_progress;
  std::function<void(const PullProgress&)> on_pull;  // while the image is fetched
  // Where private copies are made: a directory of the caller's own, or one that can be made. Empty:
  // /var/tmp/cordon-jobs-UID, and jobs in the state directory where that name is somebody else's.
  std::string staging_root;
};

struct JobArtifact {
  std::string path;  // below the work directory; a guest's bytes
  std::uint64_t bytes = 0;
  std::uint32_t mode = 0644;
  std::string content;  // where neither a directory nor a tar was asked for
  std::string problem;  // why it was not collected; empty: it was
};

// One turn of a stream: that many bytes follow in its text.
struct LogTurn {
  Stream stream = Stream::Stdout;
  std::uint64_t bytes = 0;
};

struct LeftOut {
  std::string path;
  std::string reason;
};

struct JobResult {
  // status tells the ends apart: Completed; Failed (its exit code; limit_hit says Memory, Disk or
  // Pids where a limit ended it); Timeout; Killed (cancelled).
  ExecutionResult execution;
  JobPhase reached = JobPhase::Image;  // Ended, unless the job was ended before
  std::string work_dir;                // the command's, also in its variable CORDON_WORK_DIR
  std::uint64_t input_entries = 0;
  std::uint64_t input_bytes = 0;
  std::vector<LeftOut> input_left_out;  // at most a hundred of them
  std::vector<LogTurn> log;             // stdout_data and stderr_data in the order of their coming
  bool log_complete = true;             // the order of the last bytes is missing: too many turns
  std::vector<JobArtifact> artifacts;
  std::uint64_t unlisted = 0;        // so many more, beyond most_listed_bytes
  std::vector<std::string> missing;  // patterns that nothing matched
  bool artifacts_complete = true;    // nothing that matched was left out
  std::string collect_error;         // why collecting ended early: the disk there is full, say
};

// Runs to the end, on the calling thread. A stop request ends it: status Killed; what there is by
// then is collected. Thread-safe. Errors: the job cannot be run as it stands; nothing was run:
//   InvalidArgument    malformed; an input that is refused, or larger than its limits; a pattern
//                      or a place to begin that leads out of the work directory; a mount of / or of
//                      an engine's socket
//   NotFound           the input, the image, the command
//   others             as Executor::execute()
//
//   cordon::Job job;
//   job.command = "go";
//   job.args = {"test", "-coverprofile=coverage.out", "./..."};
//   job.image = "golang";
//   job.input.tar_file = "/srv/src.tar";
//   job.collect.patterns = {"coverage.out"};
//   auto result = cordon::run_once(job);
//   if (!result) return fail(result.error().message());
//   use(result->execution.exit_code, result->artifacts);
Result<JobResult> run_once(const Job& job, std::stop_token stop = {});
// On this backend, whatever the job says of backends and tiers.
Result<JobResult> run_once(const Job& job, Backend& backend, std::stop_token stop = {});

// The result as one JSON object: that of the execution, with "log", "artifacts" (content in base64
// where there is any), "missing" and "input" besides.
std::string to_json(const JobResult& result);

}  // namespace cordon
