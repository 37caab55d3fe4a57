// A container that stays: started once for a project, used for many commands, and swapped to
// another image without losing the old one before the new one works. Hardened as `cordon run
// --image` is.
//
//   cordon::ContainerSandboxOptions options{.project_dir = "/srv/project", .image = "python:3.12"};
//   options.policy = *cordon::load_policy({.work_dir = options.project_dir});
//   auto sandbox = cordon::ContainerSandbox::create(std::move(options));
//   if (!sandbox) return fail(sandbox.error().message());
//   if (auto started = (*sandbox)->start(); !started) return fail(started.error().message());
//   auto result = (*sandbox)->exec("pytest -q", std::chrono::minutes(5));
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "cordon/error.h"
#include "cordon/execution.h"
#include "cordon/guarantees.h"
#include "cordon/policy.h"

namespace cordon {

enum class ContainerLife {
  WithOwner,  // it ends with the ContainerSandbox, and is removed when this process is killed
  Kept,       // it stays until stop(); start() of another process takes it over
};

struct ContainerSandboxOptions {
  std::string project_dir;  // absolute; shown as the policy's rules say, and where commands begin
  std::string image;        // one that the engine has
  Policy policy = {};       // its limits are those of the container: of all commands together
  WeakerGuarantees weaker_guarantees = WeakerGuarantees::Refuse;
  // For `sh -c`: a new container that cannot run it with success is none. Empty: that it runs
  // anything.
  std::string health_check = {};
  std::chrono::nanoseconds health_patience = std::chrono::seconds(30);
  ContainerLife life = ContainerLife::WithOwner;
};

struct ExecOptions {
  std::chrono::nanoseconds timeout{};  // 0: two minutes
  std::uint64_t keep_bytes = 8 << 20;  // of each stream
  // Live output, besides what the result keeps.
  OutputSink on_stdout = {};
  OutputSink on_stderr = {};
};

// Thread-safe. The image needs an `sh`. Errors of all that talk to the engine: Unavailable, and
// what the engine refuses.
class ContainerSandbox {
 public:
  // Makes nothing yet. Errors: InvalidArgument: a path that is not absolute, no image.
  static Result<std::unique_ptr<ContainerSandbox>> create(ContainerSandboxOptions options);
  virtual ~ContainerSandbox() = default;

  // Success at once where it runs and its rules hold; where the host has replaced what one of them
  // is about, as hot_swap(). A container of the same project whose owner is dead is replaced;
  // one that is kept is taken over when it is the same, and replaced when it is not. Errors: also
  // NotFound: no such image; Conflict: another living process has one of this project; Degraded,
  // Unsupported, InvalidArgument: what the policy asks and a container has not; Internal: it did
  // not pass its health check, with what that said.
  virtual Result<void> start() = 0;
  // `sh -c command` in the project's directory. After the timeout everything that the command
  // started is killed, or, where that cannot be done, everything in the container, which is then
  // started anew (the result's error says so); other commands go on otherwise. One that begins
  // during a swap runs wholly in one of the two containers. A command that fails while the kernel
  // kills something in the container for want of memory has hit that limit. The result's usage is
  // the container's: its time on the processors meanwhile, and its most memory since it was
  // started; absent where its control groups cannot be seen. Errors: Conflict: nothing runs, or the
  // host has replaced what a rule is about; what the command does is no error.
  virtual Result<ExecutionResult> exec(std::string_view command, const ExecOptions& options) = 0;
  Result<ExecutionResult> exec(std::string_view command, std::chrono::nanoseconds timeout = {}) {
    return exec(command, ExecOptions{.timeout = timeout});
  }
  // Ends all that runs in it, and removes it. Success where nothing runs.
  virtual Result<void> stop() = 0;
  // A container of `image` (empty: of image()) takes the place of the one that runs, once it has
  // passed its health check. Commands that run end where they began; then the old one is removed.
  // Errors: as start(); then the old one goes on and image() is what it was.
  virtual Result<void> hot_swap(const std::string& image = {}) = 0;
  // Builds an image of this text and of the project's files that it copies, and makes it image();
  // what runs, runs on. Returns its name. Errors: those of the build, with the end of what it said;
  // InvalidArgument: no FROM.
  virtual Result<std::string> build_from_dockerfile(
      std::string_view text, const std::function<void(std::string_view)>& progress = {}) = 0;

  virtual std::string image() const = 0;
  // For the next start() or hot_swap().
  virtual void set_image(std::string image) = 0;
  // Asks the engine.
  virtual bool running() const = 0;
  virtual std::string container_id() const = 0;  // empty: none
  // What holds in the container that runs.
  virtual Guarantees guarantees() const = 0;
};

}  // namespace cordon
