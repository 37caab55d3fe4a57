#include "linux/process_tree.h"

#include <fcntl.h>
#include <unistd.h>

#include <charconv>
#include <string>
#include <vector>

#include "core/unique_fd.h"

namespace cordon::linux_os {

namespace {

std::string read_all(const std::string& path) {
  const UniqueFd fd(open(path.c_str(), O_RDONLY | O_CLOEXEC));
  std::string text;
  char buffer[4096];
  ssize_t size;
  while (fd.valid() && (size = read(fd.get(), buffer, sizeof buffer)) > 0) {
    text.append(buffer, static_cast<std::size_t>(size));
  }
  return text;
}

void append_children(pid_t pid, std::vector<pid_t>& pids) {
  const std::string directory = "/proc/" + std::to_string(pid);
  const std::string text = read_all(directory + "/task/" + std::to_string(pid) + "/children");
  const char* cursor = text.data();
  const char* end = cursor + text.size();
  while (cursor < end) {
    pid_t child = 0;
    const auto [next, error] = std::from_chars(cursor, end, child);
    if (error != std::errc()) break;
    pids.push_back(child);
    cursor = next;
    while (cursor < end && *cursor == ' ') ++cursor;
  }
}

std::uint64_t resident_bytes(pid_t pid) {
  const std::string text = read_all("/proc/" + std::to_string(pid) + "/statm");
  const auto space = text.find(' ');
  if (space == std::string::npos) return 0;
  std::uint64_t pages = 0;
  std::from_chars(text.data() + space + 1, text.data() + text.size(), pages);
  return pages * static_cast<std::uint64_t>(sysconf(_SC_PAGESIZE));
}

}  // namespace

TreeUse measure_tree(pid_t root) {
  constexpr std::size_t kMost = 65536;
  TreeUse use;
  std::vector<pid_t> pids;
  append_children(root, pids);
  for (std::size_t i = 0; i < pids.size() && i < kMost; ++i) {
    use.resident_bytes += resident_bytes(pids[i]);
    ++use.tasks;
    append_children(pids[i], pids);
  }
  return use;
}

}  // namespace cordon::linux_os
