// Runs a program on the host and collects what it says. Never waits for ever: a program that
// outlives the patience of the test is killed, and the outcome says so.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/unique_fd.h"

namespace cordon::test {

// As whom a program of the host runs.
enum class Identity {
  Own,                    // as the test itself
  User,                   // as an ordinary user
  UserWithoutNamespaces,  // as an ordinary user who may not create user namespaces
};

struct Invocation {
  std::vector<std::string> argv;
  // The whole environment; PATH is set when it is not given.
  std::vector<std::pair<std::string, std::string>> environment = {};
  std::string directory = {};  // empty: the test's own
  std::string input = {};      // given to stdin, then end of file
  Identity identity = Identity::Own;
  uid_t user = 0;
  std::vector<int> inherited = {};  // these descriptors stay open in the program
  std::chrono::seconds patience{60};
};

struct Outcome {
  int wait_status = 0;
  int exit_code = 0;  // 128+signal when a signal ended it
  std::string out;
  std::string err;
  bool lost_patience = false;
  long peak_rss_kib = 0;
};

std::string describe(const Outcome& outcome);

// A program that was started. The destructor kills and reaps it.
class Running {
 public:
  // With `terminal` >= 0, that descriptor is the program's controlling terminal and all three
  // streams.
  explicit Running(const Invocation& invocation, int terminal = -1);
  Running(const Running&) = delete;
  Running& operator=(const Running&) = delete;
  ~Running();

  pid_t pid() const { return pid_; }
  void send(std::string_view bytes);
  void close_input() { input_.reset(); }
  void close_output() { output_.reset(); }
  // Reads stdout until it holds `text`; what was read so far comes back either way.
  std::string read_until(std::string_view text);
  void signal(int number) const;
  Outcome wait();

 private:
  bool pump(int timeout_ms, bool outputs_only);

  pid_t pid_ = -1;
  bool reaped_ = false;
  std::string pending_input_;
  std::chrono::steady_clock::time_point deadline_;
  UniqueFd input_, output_, error_, pidfd_;
  Outcome outcome_;
};

Outcome run(const Invocation& invocation);

// How many descriptors, threads and children a process has.
std::size_t open_descriptors(pid_t pid);
// True when no process of that number is alive (a zombie is not).
bool is_gone(pid_t pid);
// Waits, with a bound, until the condition holds.
template <class Condition>
bool eventually(Condition condition, std::chrono::seconds bound = std::chrono::seconds(20));

void short_pause();

template <class Condition>
bool eventually(Condition condition, std::chrono::seconds bound) {
  const auto end = std::chrono::steady_clock::now() + bound;
  while (!condition()) {
    if (std::chrono::steady_clock::now() > end) return false;
    short_pause();
  }
  return true;
}

}  // namespace cordon::test
