#include "devenv/container_exec.h"

#include <fmt/format.h>
#include <poll.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <thread>

#include "core/id.h"
#include "core/try.h"
#include "engine/frames.h"
#include "sandbox/output_capture.h"

namespace cordon::devenv {

namespace {

using engine::Clock;
using namespace std::chrono_literals;

constexpr auto kDefaultTimeout = 120s;
// How long a stream that a child of the command keeps open is listened to after the command's end.
constexpr auto kDrain = 300ms;
constexpr auto kLook = 200ms;  // of silence, then the engine is asked
constexpr auto kKillPatience = 10s;
constexpr int kTimeoutExit = 124;
constexpr int kKilledExit = 137;

// In the environment of all that the command starts.
constexpr std::string_view kTag = "CORDON_EXEC";

// Kills every process that has the tag, until a look finds none. Nothing but what any sh has
// built in; NUL bytes are dropped by `read`.
constexpr std::string_view kKiller = R"sh(
pass=0
while [ $pass -lt 200 ]; do
  found=0
  for p in /proc/[0-9]*; do
    while IFS= read -r line || [ -n "$line" ]; do
      case "$line" in *"CORDON_EXEC=$1"*) kill -9 "${p#/proc/}" && found=1; break ;; esac
    done <"$p/environ"
  done 2>/dev/null
  [ $found = 0 ] && exit 0
  pass=$((pass + 1))
done
exit 1
)sh";

class Listener {
 public:
  Listener(engine::Attached attached, const ExecOptions& options)
      : attached_(std::move(attached)),
        options_(options),
        out_(options.keep_bytes),
        err_(options.keep_bytes) {}

  enum class End { Closed, Silent, Refused };

  // Until the stream ends, nothing came for that long, or nobody wants more.
  Result<End> listen(Clock::time_point until) {
    if (!attached_.first.empty()) TRY(take(std::exchange(attached_.first, {})));
    while (!refused_) {
      const auto left = std::chrono::ceil<std::chrono::milliseconds>(until - Clock::now());
      pollfd entry{attached_.fd.get(), POLLIN, 0};
      const int ready = ::poll(&entry, 1, static_cast<int>(std::max<long>(left.count(), 0)));
      if (ready == 0) return End::Silent;
      if (ready < 0 && errno == EINTR) continue;
      std::array<char, 64 << 10> buffer;
      const ssize_t size = ::recv(attached_.fd.get(), buffer.data(), buffer.size(), 0);
      if (size < 0 && (errno == EAGAIN || errno == EINTR)) continue;
      if (size <= 0) return End::Closed;
      TRY(take({buffer.data(), static_cast<std::size_t>(size)}));
      if (Clock::now() >= until) return End::Silent;
    }
    return End::Refused;
  }

  void fill(ExecutionResult& result) {
    result.stdout_truncated = out_.truncated();
    result.stderr_truncated = err_.truncated();
    result.stdout_data = out_.take();
    result.stderr_data = err_.take();
  }

 private:
  Result<void> take(std::string_view bytes) {
    return frames_.feed(bytes, [this](engine::FrameStream stream, std::string_view content) {
      const bool out = stream == engine::FrameStream::Out;
      (out ? out_ : err_).append(content);
      const OutputSink& sink = out ? options_.on_stdout : options_.on_stderr;
      if (sink && !refused_) refused_ = !sink(content);
    });
  }

  engine::Attached attached_;
  const ExecOptions& options_;
  engine::FrameReader frames_;
  OutputCapture out_;
  OutputCapture err_;
  bool refused_ = false;
};

// A command that runs in the background after its shell has ended may stay: it is left out here.
Result<int> wait_for_end(const engine::Client& client, const std::string& exec) {
  const auto until = Clock::now() + 5s;
  for (auto pause = 1ms;; pause *= 2) {
    const engine::ExecState state = TRY(client.inspect_exec(exec));
    if (!state.running) return state.exit_code;
    if (Clock::now() > until) {
      return std::unexpected(Error{ErrorCode::Internal, "wait for the command's end", "", 0,
                                   "its streams have ended, and the engine says it runs", ""});
    }
    std::this_thread::sleep_for(std::min<std::chrono::milliseconds>(pause, 100ms));
  }
}

Result<void> kill_tagged(const engine::Client& client, const std::string& container,
                         const std::string& tag) {
  engine::ExecConfig config;
  config.command = {"/bin/sh", "-c", std::string(kKiller), "sh", tag};
  const std::string exec = TRY(client.create_exec(container, config));
  const ExecOptions nobody_reads{.keep_bytes = 0};
  Listener listener(TRY(client.start_exec(exec)), nobody_reads);
  TRY(listener.listen(Clock::now() + kKillPatience));
  const engine::ExecState state = TRY(client.inspect_exec(exec));
  if (!state.running && state.exit_code == 0) return {};
  return std::unexpected(Error{ErrorCode::Internal, "kill the command", "", 0,
                               "processes of it come back faster than they go", ""});
}

// Says what it took.
std::string kill_command(const engine::Client& client, const std::string& container,
                         const std::string& tag) {
  if (kill_tagged(client, container, tag)) return "";
  const auto restarted = client.restart(container);
  return restarted ? "; it could not be killed alone, and the container was started anew"
                   : "; it could not be killed: " + restarted.error().message();
}

// The kernel counts for the container as a whole: what others did meanwhile is in it.
void account(const linux_os::ControlGroups& groups, const linux_os::Counted& before,
             ExecutionResult& result) {
  if (groups.memory.empty() && groups.cpu.empty()) return;
  const linux_os::Counted now = linux_os::count(groups);
  // Less than before: the container was started anew, which counts anew.
  const auto since = [](std::uint64_t then, std::uint64_t count) {
    return count < then ? count : count - then;
  };
  result.resource_usage =
      ResourceUsage{.cpu_time_ns = since(before.usage.cpu_time_ns, now.usage.cpu_time_ns),
                    .memory_peak_bytes = now.usage.memory_peak_bytes};
  const bool failed = result.status == ExecutionStatus::Failed;
  if (failed && since(before.kills_for_memory, now.kills_for_memory) > 0) {
    result.limit_hit = LimitKind::Memory;
    result.error = "out of memory: the container reached its memory limit";
  }
}

// Until it has ended, or was killed.
Result<void> follow(const engine::Client& client, const std::string& container,
                    const std::string& exec, Listener& listener, std::chrono::nanoseconds timeout,
                    ExecutionResult& result) {
  const auto until = Clock::now() + timeout;
  result.status = ExecutionStatus::Running;
  while (result.status == ExecutionStatus::Running) {
    const auto end = TRY(listener.listen(std::min(until, Clock::now() + kLook)));
    if (end == Listener::End::Closed) {
      result.exit_code = TRY(wait_for_end(client, exec));
      result.status = ExecutionStatus::Completed;
    } else if (end == Listener::End::Refused) {
      result.error = "nobody reads its output" + kill_command(client, container, result.id);
      result.status = ExecutionStatus::Killed;
      result.exit_code = kKilledExit;
    } else if (Clock::now() >= until) {
      const auto seconds = std::chrono::duration<double>(timeout).count();
      result.error = fmt::format("it was killed after {} s", seconds) +
                     kill_command(client, container, result.id);
      result.limit_hit = LimitKind::Time;
      result.status = ExecutionStatus::Timeout;
      result.exit_code = kTimeoutExit;
      TRY(listener.listen(Clock::now() + kDrain));
    } else if (const auto state = TRY(client.inspect_exec(exec)); !state.running) {
      // What it left in the background holds the stream open.
      TRY(listener.listen(Clock::now() + kDrain));
      result.exit_code = state.exit_code;
      result.status = ExecutionStatus::Completed;
    }
  }
  return {};
}

// Of a command that has begun.
Error engine_lost(Error error) {
  if (error.code != ErrorCode::Unavailable) return error;
  error.remedy.clear();
  return {.code = ErrorCode::Unavailable,
          .operation = "wait for the command's end",
          .subject = {},
          .sys_errno = 0,
          .detail =
              "the engine ended, or does not answer, and how far the command came is not "
              "known: " +
              error.message(),
          .remedy =
              "start the engine (`systemctl start docker`), and run the command again: a "
              "container that ended with it is started anew"};
}

}  // namespace

Result<ExecutionResult> exec_in_container(const engine::Client& client,
                                          const RunningContainer& container,
                                          std::string_view command, const ExecOptions& options) {
  if (command.contains('\0')) {
    return std::unexpected(
        invalid_argument("run in the container", "the command", "it contains a NUL byte"));
  }
  ExecutionResult result;
  result.id = TRY(make_id());
  result.tier = Tier::Container;
  result.backend = "docker";
  result.start_time = std::chrono::system_clock::now();
  const auto started = Clock::now();
  const auto timeout = options.timeout.count() > 0 ? options.timeout : kDefaultTimeout;
  engine::ExecConfig config;
  config.command = {"/bin/sh", "-c", std::string(command)};
  config.environment = {fmt::format("{}={}", kTag, result.id)};
  const linux_os::Counted before = linux_os::count(container.groups);
  const std::string exec = TRY(client.create_exec(container.id, config));
  Listener listener(TRY(client.start_exec(exec)), options);
  if (auto followed = follow(client, container.id, exec, listener, timeout, result); !followed) {
    return std::unexpected(engine_lost(std::move(followed).error()));
  }
  if (result.status == ExecutionStatus::Completed && result.exit_code != 0) {
    result.status = ExecutionStatus::Failed;
    if (result.exit_code > 128 && result.exit_code <= 128 + 64) {
      result.signal = result.exit_code - 128;
    }
  }
  account(container.groups, before, result);
  listener.fill(result);
  result.end_time = std::chrono::system_clock::now();
  result.duration = Clock::now() - started;
  return result;
}

}  // namespace cordon::devenv
