#include "gvisor/kvm_trial.h"

#include <fmt/format.h>
#include <poll.h>
#include <sys/wait.h>

#include <algorithm>
#include <cerrno>
#include <chrono>

#include "core/id.h"
#include "core/try.h"
#include "gvisor/gvisor_sandbox.h"
#include "native/private_directory.h"

namespace cordon::gvisor {

namespace {

using namespace std::chrono_literals;

// A start takes a tenth of a second where it works.
constexpr auto kPatience = 2s;
constexpr int kSandboxes = 3;

// Processes beside each other, that fork, execute and wait: address spaces that come and go, on
// several processors, are what a platform gets wrong. The status is none that a runsc which ran
// nothing would end with.
constexpr int kDone = 42;
constexpr std::string_view kWork =
    "for i in 1 2 3 4; do (env true && env true) & all=\"$all $!\"; done\n"
    "for one in $all; do wait $one || exit 1; done\n"
    "exit 42\n";

Policy trial_policy() {
  Policy policy;
  policy.limits.memory_bytes = 512ULL << 20;
  policy.limits.pids = 64;
  policy.limits.disk_bytes = 16ULL << 20;
  return policy;
}

bool ends_in_time(const Process& process) {
  const auto until = std::chrono::steady_clock::now() + kPatience;
  for (;;) {
    const auto left =
        std::chrono::ceil<std::chrono::milliseconds>(until - std::chrono::steady_clock::now());
    pollfd ended{process.exit_fd(), POLLIN, 0};
    const int ready = ::poll(&ended, 1, static_cast<int>(std::max<std::int64_t>(left.count(), 0)));
    if (ready > 0) return true;
    if (ready == 0 || errno != EINTR) return false;
  }
}

KvmVerdict fails(std::string why) { return {.works = false, .why = std::move(why)}; }

Result<KvmVerdict> run_one(native::Host& host, const Runsc& runsc, const std::string& work_dir) {
  const SandboxSpec spec{.id = TRY(make_id()), .work_dir = work_dir, .policy = trial_policy()};
  const auto sandbox =
      TRY(GvisorSandbox::create(host, runsc, {.platform = Platform::Kvm}, spec, nullptr));
  const auto process = TRY(sandbox->start(
      {.command = "sh", .args = {"-c", std::string(kWork)}, .terminal = std::nullopt}));
  if (!ends_in_time(*process)) {
    process->kill();
    return fails(fmt::format("a trial of it did not answer in {} s", kPatience.count()));
  }
  const auto end = process->wait();
  if (!end) return fails("a trial of it failed: " + end.error().detail);
  const int status = end->wait_status;
  if (WIFEXITED(status) && WEXITSTATUS(status) == kDone) return KvmVerdict{.works = true};
  return fails(WIFEXITED(status)
                   ? fmt::format("a trial of it ended with exit status {}", WEXITSTATUS(status))
                   : fmt::format("a trial of it was ended by signal {}", WTERMSIG(status)));
}

}  // namespace

Result<KvmVerdict> try_kvm(native::Host& host, const Runsc& runsc) {
  const auto place = TRY(native::PrivateDirectory::create());
  KvmVerdict verdict;
  for (int i = 0; i < kSandboxes; ++i) {
    verdict = TRY(run_one(host, runsc, place.path()));
    if (!verdict.works) break;
  }
  return verdict;
}

KvmVerdict ask_kvm(native::Host& host, const Runsc& runsc, EarlierNo earlier) {
  const KvmRecord record = own_kvm_record(runsc);
  if (auto verdict = known_of_kvm(record, earlier)) return *std::move(verdict);
  // Of another's trial, which may come first.
  constexpr auto kWait = kSandboxes * kPatience;
  const auto turn = record.take_turn(kWait);
  if (!turn && earlier == EarlierNo::Believed) return fails(turn.error().message());
  if (auto verdict = known_of_kvm(record, earlier)) return *std::move(verdict);
  auto tried = try_kvm(host, runsc);
  if (!tried) return fails(tried.error().message());
  if (turn) (void)record.write(*tried);
  return *std::move(tried);
}

}  // namespace cordon::gvisor
