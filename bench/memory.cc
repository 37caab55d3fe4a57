#include <fmt/format.h>
#include <poll.h>
#include <unistd.h>

#include <fstream>
#include <sstream>

#include "benchmarks.h"
#include "child.h"

namespace cordon::bench {
namespace {

// What would be freed if this process ended, in KiB.
long private_kib(pid_t pid) {
  std::ifstream file(fmt::format("/proc/{}/smaps_rollup", pid));
  long sum = 0;
  for (std::string line; std::getline(file, line);) {
    std::istringstream words(line);
    std::string name;
    long value = 0;
    words >> name >> value;
    if (name == "Private_Clean:" || name == "Private_Dirty:") sum += value;
  }
  return sum;
}

std::vector<pid_t> children_of(pid_t pid) {
  std::vector<pid_t> found;
  std::ifstream file(fmt::format("/proc/{}/task/{}/children", pid, pid));
  for (pid_t child = 0; file >> child;) found.push_back(child);
  return found;
}

std::string program_of(pid_t pid) {
  std::ifstream file(fmt::format("/proc/{}/comm", pid));
  std::string name;
  std::getline(file, name);
  return name;
}

// Everything between the caller and the command is Cordon's.
long overhead_kib(pid_t pid, std::size_t& processes) {
  if (program_of(pid) == "sleep") return 0;
  ++processes;
  long sum = private_kib(pid);
  for (const pid_t child : children_of(pid)) sum += overhead_kib(child, processes);
  return sum;
}

// Runs until it is destroyed.
class IdleSandbox {
 public:
  explicit IdleSandbox(const Options& options)
      : child_(cordon_run(options.cordon, {"sh", "-c", "echo ready; exec sleep 600"})) {
    char byte;
    if (read(child_.stdout_fd(), &byte, 1) != 1) give_up("the idle sandbox did not start");
    // "ready" is written before the shell becomes sleep.
    for (int attempt = 0; attempt < 500 && processes_ != 2; ++attempt) {
      if (attempt > 0) poll(nullptr, 0, 10);
      processes_ = 0;
      overhead_kib(child_.pid(), processes_);
    }
    if (processes_ != 2) give_up("an idle sandbox is more than a supervisor and a reaper");
  }
  long overhead() const {
    std::size_t processes = 0;
    return overhead_kib(child_.pid(), processes);
  }

 private:
  Child child_;
  std::size_t processes_ = 0;
};

}  // namespace

std::vector<Row> idle_memory(const Options& options) {
  // Alone, a process owns the pages of its program's file as well; what one more sandbox costs
  // shows when there is another.
  const IdleSandbox first(options);
  const long alone = first.overhead();
  const IdleSandbox second(options);
  const long more = second.overhead();
  const auto mebibytes = [](long kib) {
    return fmt::format("{:.2f} MiB", static_cast<double>(kib) / 1024);
  };
  return {
      {"memory of an idle sandbox, private", mebibytes(more), "", "", "<= 1.5 MiB", more <= 1536},
      {"  of the only one, with the program's file", mebibytes(alone), "", "", "", true}};
}

}  // namespace cordon::bench
