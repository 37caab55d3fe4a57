#include "linux/all_threads.h"

#include <fmt/format.h>
#include <linux/futex.h>
#include <signal.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <climits>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "core/try.h"
#include "linux/thread_list.h"

namespace cordon::linux_os {

namespace {

using Clock = std::chrono::steady_clock;
using namespace std::chrono_literals;

enum class Phase : std::uint32_t { Hold, Work, Abandon };
enum class Step : std::uint32_t { Signalled, Held, Done, Failed, Gone };

struct Slot {
  pid_t id = 0;
  std::atomic<Step> step{Step::Signalled};
};

// Lives on the heap, because a thread that is late may look at it after everybody has given up.
struct Job {
  Job(ThreadWork the_work, std::intptr_t the_argument, std::size_t most)
      : work(the_work), argument(the_argument), slots(most), ids(most) {}

  const ThreadWork work;
  const std::intptr_t argument;
  std::atomic<Phase> phase{Phase::Hold};
  std::atomic<std::uint32_t> changes{0};  // of any slot
  std::atomic<int> error{0};
  std::vector<Slot> slots;
  std::vector<pid_t> ids;  // room for a list
  std::size_t used = 0;

  std::span<Slot> reached() { return std::span(slots).first(used); }
  bool owns(const Slot* slot) const {
    return slot >= slots.data() && slot < slots.data() + slots.size();
  }
};

// A signal's handling belongs to the process, so what the handler is to do does too.
std::atomic<Job*> current_job{nullptr};
static_assert(std::atomic<Job*>::is_always_lock_free && std::atomic<Phase>::is_always_lock_free);

template <class T>
void wait_while(std::atomic<T>& word, T value, const timespec* limit = nullptr) {
  ::syscall(SYS_futex, &word, FUTEX_WAIT_PRIVATE, static_cast<std::uint32_t>(value), limit, nullptr,
            0);
}
template <class T>
void wake(std::atomic<T>& word) {
  ::syscall(SYS_futex, &word, FUTEX_WAKE_PRIVATE, INT_MAX, nullptr, nullptr, 0);
}

void answer(Job& job, Slot& slot, Step step) {
  slot.step.store(step);
  job.changes.fetch_add(1);
  wake(job.changes);
}

void handle(int, siginfo_t* info, void*) {
  const int saved = errno;
  Job* const job = current_job.load();
  auto* const slot = static_cast<Slot*>(info->si_value.sival_ptr);
  // Not ours: from another program, or from an attempt that was given up.
  if (job == nullptr || info->si_code != SI_QUEUE || !job->owns(slot)) return;
  answer(*job, *slot, Step::Held);
  while (job->phase.load() == Phase::Hold) wait_while(job->phase, Phase::Hold);
  if (job->phase.load() == Phase::Work) {
    const int error = job->work(job->argument);
    if (error != 0) job->error.store(error);
    answer(*job, *slot, error == 0 ? Step::Done : Step::Failed);
  }
  errno = saved;
}

// --- While others are held, nothing below allocates or takes a lock of libc's.
// ---------------------

enum class Holding { All, Late, TooMany };

bool signal_thread(pid_t id, int signal, Slot& slot) {
  siginfo_t info{};
  info.si_code = SI_QUEUE;
  info.si_pid = ::getpid();
  info.si_uid = ::getuid();
  info.si_value.sival_ptr = &slot;
  slot.id = id;
  return ::syscall(SYS_rt_tgsigqueueinfo, ::getpid(), id, signal, &info) == 0;
}

// Until no slot is at `step`, but for threads that end instead of answering.
bool wait_for_answers(Job& job, Step step, Clock::time_point deadline) {
  for (Slot& slot : job.reached()) {
    while (slot.step.load() == step) {
      const std::uint32_t before = job.changes.load();
      if (slot.step.load() != step) break;
      if (Clock::now() >= deadline) return false;
      // Short, because a thread that ends wakes nobody.
      const timespec limit{0, 5'000'000};
      wait_while(job.changes, before, &limit);
      if (slot.step.load() == step && read_thread_state(slot.id).has_ended()) {
        slot.step.store(Step::Gone);
      }
    }
  }
  return true;
}

bool is_held(Job& job, pid_t id) {
  return std::ranges::any_of(job.reached(), [id](const Slot& slot) {
    return slot.id == id && slot.step.load() == Step::Held;
  });
}

// Held threads neither end nor start others, and neither does the caller: when there are no more
// than these, there is nobody left.
bool all_held(Job& job, const ThreadList& threads) {
  const auto held = static_cast<std::size_t>(std::ranges::count_if(
      job.reached(), [](const Slot& slot) { return slot.step.load() == Step::Held; }));
  // A first thread that has ended stays on the kernel's list until the process ends.
  const pid_t leader = ::getpid();
  const bool ended = leader != ::gettid() && read_thread_state(leader).state == 'Z';
  return threads.count() == held + 1 + (ended ? 1 : 0);
}

Holding hold_all(Job& job, const ThreadList& threads, int signal, Clock::time_point deadline) {
  const pid_t self = ::gettid();
  while (!all_held(job, threads)) {
    if (Clock::now() >= deadline) return Holding::Late;
    const std::size_t count = threads.read(job.ids);
    for (const pid_t id : std::span(job.ids).first(count)) {
      if (id == self || is_held(job, id) || read_thread_state(id).has_ended()) continue;
      if (job.used == job.slots.size()) return Holding::TooMany;
      Slot& slot = job.slots[job.used++];
      if (!signal_thread(id, signal, slot)) slot.step.store(Step::Gone);
    }
    if (!wait_for_answers(job, Step::Signalled, deadline)) return Holding::Late;
  }
  return Holding::All;
}

void release(Job& job, Phase phase) {
  job.phase.store(phase);
  wake(job.phase);
}

// --- Before and after
// ------------------------------------------------------------------------------

Error cannot(ErrorCode code, std::string detail, std::string remedy = {}) {
  return {.code = code,
          .operation = "restrict every thread",
          .subject = {},
          .sys_errno = 0,
          .detail = std::move(detail),
          .remedy = std::move(remedy)};
}

Error no_proc() {
  return cannot(ErrorCode::Unsupported, "/proc/self, which lists the threads, cannot be read",
                "mount /proc, and restrict every thread before anything hides it");
}

constexpr const char* kEarlier = "restrict the process before it has threads, or use Linux 7.0";

// A real-time signal that nobody handles and no thread keeps away.
Result<int> free_signal(const ThreadList& threads, std::span<pid_t> room) {
  std::uint64_t blocked = 0;
  for (const pid_t id : room.first(threads.read(room))) {
    const ThreadState thread = read_thread_state(id);
    if (id == ::gettid() || thread.has_ended()) continue;
    if (thread.is_stopped()) {
      return std::unexpected(
          cannot(ErrorCode::Unsupported, fmt::format("thread {} is stopped", id), kEarlier));
    }
    // Libc keeps every signal away for the moment in which it starts a thread, and it alone can do
    // that to the signals it has for itself, from 32 up to SIGRTMIN.
    if (((thread.blocked >> 31) & 1) == 0) blocked |= thread.blocked;
  }
  for (int number = SIGRTMAX; number >= SIGRTMIN; --number) {
    struct sigaction old{};
    if (((blocked >> (number - 1)) & 1) != 0) continue;
    if (::sigaction(number, nullptr, &old) != 0) continue;
    if ((old.sa_flags & SA_SIGINFO) == 0 && old.sa_handler == SIG_DFL) return number;
  }
  return std::unexpected(cannot(
      ErrorCode::Unsupported,
      "every real-time signal is used by the program or blocked by one of its threads", kEarlier));
}

}  // namespace

Result<std::size_t> count_threads() {
  const ThreadList threads;
  const std::size_t count = threads.valid() ? threads.count() : 0;
  if (count == 0) return std::unexpected(no_proc());
  return count;
}

AllThreads on_all_other_threads(ThreadWork work, std::intptr_t argument,
                                std::chrono::milliseconds patience) {
  const auto refuse = [](Error error) {
    return AllThreads{.ready = std::unexpected(std::move(error))};
  };
  const ThreadList threads;
  if (!threads.valid() || threads.count() == 0) return refuse(no_proc());
  // Threads that end are counted too, and new ones come.
  auto job = std::make_unique<Job>(work, argument, 4 * threads.count() + 4096);
  const auto signal = free_signal(threads, job->ids);
  if (!signal) return refuse(signal.error());
  Job* nobodys = nullptr;
  if (!current_job.compare_exchange_strong(nobodys, job.get())) {
    return refuse(
        cannot(ErrorCode::ResourceExhausted, "another thread is doing it at this moment"));
  }
  struct sigaction ours{};
  struct sigaction before{};
  ours.sa_sigaction = handle;
  ours.sa_flags = SA_SIGINFO | SA_RESTART | SA_ONSTACK;
  sigfillset(&ours.sa_mask);
  if (::sigaction(*signal, &ours, &before) != 0) {
    current_job.store(nullptr);
    return refuse(system_error("restrict every thread"));
  }

  const Holding holding = hold_all(*job, threads, *signal, Clock::now() + patience);
  release(*job, holding == Holding::All ? Phase::Work : Phase::Abandon);
  if (holding != Holding::All) {
    // A thread that is late finds nothing to do. Its signal would end the process without a
    // handler, so that stays, and so does the job, at which a thread that was held may still look.
    current_job.store(nullptr);
    static_cast<void>(job.release());
    return refuse(
        cannot(ErrorCode::Unsupported,
               holding == Holding::Late
                   ? fmt::format("a thread does not take a signal within {} ms", patience.count())
                   : "threads start faster than they can be reached",
               kEarlier));
  }
  // Nothing but the work itself is left to wait for, and it ends.
  wait_for_answers(*job, Step::Held, Clock::time_point::max());
  ::sigaction(*signal, &before, nullptr);
  current_job.store(nullptr);
  AllThreads result{.ready = {}, .error = job->error.load()};
  result.done = static_cast<std::size_t>(std::ranges::count_if(
      job->reached(), [](const Slot& slot) { return slot.step.load() == Step::Done; }));
  return result;
}

}  // namespace cordon::linux_os
