// What an isolation tier implements. Everything above this interface (executor, limits, output,
// API) is written once and works at every tier; nobody switches on a backend's name.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "cordon/error.h"
#include "cordon/execution.h"
#include "cordon/observation.h"
#include "cordon/policy.h"
#include "cordon/tier.h"

namespace cordon {

struct Capabilities {
  bool terminal = false;           // ProcessSpec::terminal
  bool several_processes = false;  // Sandbox::start more than once
  bool pause = false;
  bool checkpoint_memory = false;  // Keep::Processes
  bool checkpoint_files = false;   // Keep::Files
  bool live_network_rules = false;
  bool observe = false;         // ProcessSpec::watch
  bool network_toggle = false;  // holds NetworkMode::None, and can give NetworkMode::Open
  bool images = false;          // takes SandboxSpec::image, and needs one; others refuse it
  // Nobody is root in it: for a caller who is, the command runs as the owner of the work directory.
  bool runs_as_owner = false;
};

struct SandboxSpec {
  std::string id;
  std::string work_dir;  // absolute
  Policy policy;
  WeakerGuarantees weaker_guarantees = WeakerGuarantees::Refuse;
  // The files that the sandbox starts from, by the name that the container engine has for them;
  // empty: the host's own, as far as the policy shows them.
  std::string image = {};
};

// Whether a sandbox's image comes from its registry.
enum class PullPolicy { Never, Missing, Always };

struct PullProgress {
  std::string layer;   // which part; empty: the whole. Text of strangers
  std::string status;  // "Downloading", in the engine's words. Text of strangers
  std::uint64_t done_bytes = 0;
  std::uint64_t total_bytes = 0;  // 0: not known
};

struct ImagePull {
  std::string image;
  PullPolicy policy = PullPolicy::Missing;
  std::function<void(const PullProgress& progress)> progress = {};  // in the caller's thread
  int cancel_fd = -1;  // readable: the pull is given up. Not read; -1: none
};

enum class StdinSource { Empty, Pipe };

struct TerminalSize {
  unsigned short rows = 24;
  unsigned short columns = 80;
};

struct ProcessSpec {
  std::string command;
  std::vector<std::string> args;
  StdinSource stdin_source = StdinSource::Empty;
  std::optional<TerminalSize> terminal;  // present: one pseudo terminal instead of three streams
  // What Sandbox::observation() is to know. It slows the command down and changes nothing else; a
  // backend or a host that cannot fails start() with Unsupported.
  Watch watch = Watch::Nothing;
};

// How a process ended. `wait_status` is as waitpid(2) reports it.
struct ProcessEnd {
  int wait_status = 0;
  ResourceUsage usage;
  std::optional<LimitKind> limit_hit;  // what the kernel says stopped it: memory, pids, cpu, disk
};

// A started command. Descriptors belong to the Process; they are non-blocking. Not thread-safe,
// except kill(), which any thread may call at any time before the destructor. The destructor kills
// and reaps.
class Process {
 public:
  virtual ~Process() = default;
  // Write end of the command's stdin, or -1. close_stdin() gives it end of file.
  virtual int stdin_fd() const = 0;
  virtual void close_stdin() = 0;
  // Read ends; with a terminal both directions are stdout_fd() and stderr_fd() is -1.
  virtual int stdout_fd() const = 0;
  virtual int stderr_fd() const = 0;
  // Readable once the command has ended; then wait() does not block.
  virtual int exit_fd() const = 0;
  virtual Result<ProcessEnd> wait() = 0;
  // Sends a signal to the command only.
  virtual Result<void> signal(int number) = 0;
  // Ends every process of the sandbox, whatever state it is in.
  virtual void kill() = 0;
  virtual Result<void> resize(TerminalSize size) = 0;
  // For tiers that must look at the guest from outside to hold a limit; called about every 50 ms
  // while the command runs. Returns the limit that was crossed, if any.
  virtual std::optional<LimitKind> poll_limits() = 0;
};

// What of a sandbox a checkpoint keeps.
enum class Keep {
  Processes,  // them and their memory, and the private directories: see Capabilities
  Files,      // the private directories alone: no process, nothing of its memory
};

// A living isolated environment. It ends, with everything in it, when destroyed.
class Sandbox {
 public:
  virtual ~Sandbox() = default;
  virtual Result<std::unique_ptr<Process>> start(const ProcessSpec& spec) = 0;
  // What holds, given what the kernel accepted so far; complete once start() has returned.
  virtual Guarantees guarantees() const = 0;
  // What start() would do, one operation a line, for people. Fails as start() would where that can
  // be told without running anything.
  virtual Result<std::string> describe(const ProcessSpec& spec) = 0;
  // Stops every process inside where it stands; the second one lets them go on. Errors:
  // Unsupported, see Capabilities::pause; Conflict: nothing runs.
  virtual Result<void> pause();
  virtual Result<void> resume();
  // Keeps what runs: what `keep` says, and not the host's files that are shown. `directory` is made
  // for it, mode 0700: whoever reads it reads what the command had. What is kept may lie elsewhere,
  // where the backend's engine stores such things; then the directory says where. On success the
  // sandbox has ended, its Process reports the exit status 0, and Backend::restore() goes on from
  // this moment, as often as it is called. Errors: Unsupported, see Capabilities::checkpoint_memory
  // and checkpoint_files; Conflict: the directory exists, or nothing runs. After an error the
  // directory is not there.
  virtual Result<void> checkpoint(const std::string& directory, Keep keep);
  // What the command tried, as its ProcessSpec asked. Once, and after start() has failed or its
  // Process has been destroyed: it waits until nobody is left in the sandbox. Errors: Unsupported
  // where nothing was watched.
  virtual Result<Observation> observation();
};

class Backend {
 public:
  virtual ~Backend() = default;
  virtual std::string_view name() const = 0;
  virtual Tier tier() const = 0;
  virtual Capabilities capabilities() const = 0;
  // Whether it can run here at all; the error says what is missing and what would unlock it.
  virtual Result<void> supported() const = 0;
  // Has the engine fetch an image, before create(); it may take an hour. Logins are those of
  // `docker login`. Errors: Unsupported: a backend without images; NotFound, PermissionDenied,
  // Unavailable: what the registry said; Conflict: cancelled.
  virtual Result<void> fetch_image(const ImagePull& pull);
  virtual Result<std::unique_ptr<Sandbox>> create(const SandboxSpec& spec) = 0;
  // As create(), for a sandbox whose start() goes on with what Sandbox::checkpoint() wrote, which
  // stays as it is: each call is a fork of that moment. With Keep::Processes only the streams of
  // the ProcessSpec count; with Keep::Files its command is run, and finds the private directories
  // as they were. The policy holds as for a new sandbox, and must show the same files. Errors
  // besides those of create(): Unsupported, see Capabilities::checkpoint_memory; NotFound;
  // InvalidArgument: the directory holds no checkpoint, another one than was written, or one that
  // needs other files; PermissionDenied: somebody else could have changed it.
  //
  //   TRY(sandbox->checkpoint("/var/lib/app/warm", Keep::Processes));
  //   auto fork = TRY(backend.restore(spec, "/var/lib/app/warm"));
  //   auto process = TRY(fork->start({.command = "worker"}));
  virtual Result<std::unique_ptr<Sandbox>> restore(const SandboxSpec& spec,
                                                   const std::string& directory);
  // Removes a checkpoint: the directory, and what an engine stores for it. Errors: as restore().
  virtual Result<void> remove_checkpoint(const std::string& directory);
};

}  // namespace cordon
