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

}  // namespace

std::vector<Row> idle_memory(const Options& options) {
  Child sandbox(cordon_run(options.cordon, {"sh", "-c", "echo ready; exec sleep 600"}));
  char byte;
  if (read(sandbox.stdout_fd(), &byte, 1) != 1) give_up("the idle sandbox did not start");
  // "ready" is written before the shell becomes sleep.
  std::size_t processes = 0;
  long kib = 0;
  for (int attempt = 0; attempt < 100; ++attempt) {
    processes = 0;
    kib = overhead_kib(sandbox.pid(), processes);
    if (processes == 2) break;
    poll(nullptr, 0, 20);
  }
  return {{fmt::format("memory of an idle sandbox: {} processes, private", processes),
           fmt::format("{:.2f} MiB", static_cast<double>(kib) / 1024), "", "", "<= 1.5 MiB",
           kib <= 1536}};
}

}  // namespace cordon::bench
