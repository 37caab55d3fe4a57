#include "support/leftovers.h"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cctype>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <sstream>
#include <vector>

namespace cordon::test {
namespace {

namespace fs = std::filesystem;

std::vector<std::string> cgroup_mounts() {
  std::vector<std::string> mounts;
  std::ifstream table("/proc/self/mountinfo");
  for (std::string line; std::getline(table, line);) {
    if (line.find(" - cgroup") == std::string::npos) continue;
    std::istringstream fields(line);
    std::string id, parent, device, root, target;
    fields >> id >> parent >> device >> root >> target;
    mounts.push_back(target);
  }
  return mounts;
}

void find_cgroups(const fs::path& directory, std::set<std::string>& found) {
  std::error_code error;
  for (fs::directory_iterator it(directory, fs::directory_options::skip_permission_denied, error),
       end;
       !error && it != end; it.increment(error)) {
    std::error_code ignored;
    if (!it->is_directory(ignored) || it->is_symlink(ignored)) continue;
    if (it->path().filename().string().starts_with("cordon-")) found.insert(it->path());
    find_cgroups(it->path(), found);
  }
}

struct Status {
  std::string name;
  char state = '?';
  long parent = 0;
};

Status status_of(const std::string& process) {
  Status status;
  std::ifstream file(process + "/stat");
  std::string line;
  std::getline(file, line);
  const std::size_t open = line.find('(');
  const std::size_t close = line.rfind(')');
  if (open == std::string::npos || close == std::string::npos) return status;
  status.name = line.substr(open + 1, close - open - 1);
  std::istringstream rest(line.substr(close + 1));
  rest >> status.state >> status.parent;
  return status;
}

// Not the owner of the directory: that is root for a process that nobody may look into.
uid_t uid_of(const std::string& process) {
  std::ifstream file(process + "/status");
  for (std::string line; std::getline(file, line);) {
    if (line.starts_with("Uid:")) return static_cast<uid_t>(std::stoul(line.substr(4)));
  }
  return 0;
}

}  // namespace

std::set<std::string> temp_files_of(uid_t owner) {
  std::set<std::string> found;
  for (const char* directory : {"/tmp", "/var/tmp", "/dev/shm", "/run"}) {
    std::error_code error;
    for (const auto& entry : fs::directory_iterator(directory, error)) {
      const std::string name = entry.path().filename();
      // The tests' own directories, perhaps of a neighbour, are not Cordon's.
      struct stat info{};
      if (name.find("cordon") != std::string::npos && !name.starts_with("cordon-test-") &&
          lstat(entry.path().c_str(), &info) == 0 && info.st_uid == owner) {
        found.insert(entry.path());
      }
    }
  }
  return found;
}

Leftovers count_leftovers(uid_t owner) {
  Leftovers found;
  for (const std::string& mount : cgroup_mounts()) find_cgroups(mount, found.cgroups);
  found.temp_files = temp_files_of(owner);
  std::ifstream table("/proc/self/mountinfo");
  for (std::string line; std::getline(table, line);) ++found.mounts;
  std::error_code error;
  for ([[maybe_unused]] const auto& entry : fs::directory_iterator("/proc/self/fd", error)) {
    ++found.descriptors;
  }
  for (const auto& entry : fs::directory_iterator("/proc", error)) {
    const std::string number = entry.path().filename();
    if (!std::all_of(number.begin(), number.end(),
                     [](unsigned char c) { return std::isdigit(c); })) {
      continue;
    }
    const Status status = status_of(entry.path());
    if (status.state == 'Z' && status.parent == getpid()) ++found.zombies;
    if (owner != 0 && uid_of(entry.path()) != owner) continue;
    if (status.name == "cordon" || status.name == "cordon_guest" || status.name == "guest" ||
        status.name == "cordon-init") {
      ++found.processes;
    }
    std::error_code gone;
    for (const char* kind : {"net", "mnt", "pid", "user", "ipc", "uts", "cgroup"}) {
      const fs::path target = fs::read_symlink(entry.path() / "ns" / kind, gone);
      if (!gone) found.namespaces.insert(target);
    }
  }
  return found;
}

Leftovers staying(const Leftovers& one, const Leftovers& other) {
  const auto both = [](const std::set<std::string>& a, const std::set<std::string>& b) {
    std::set<std::string> result;
    std::set_intersection(a.begin(), a.end(), b.begin(), b.end(),
                          std::inserter(result, result.end()));
    return result;
  };
  Leftovers result;
  result.cgroups = both(one.cgroups, other.cgroups);
  result.temp_files = both(one.temp_files, other.temp_files);
  result.namespaces = both(one.namespaces, other.namespaces);
  result.mounts = std::min(one.mounts, other.mounts);
  result.descriptors = std::min(one.descriptors, other.descriptors);
  result.zombies = std::min(one.zombies, other.zombies);
  result.processes = std::min(one.processes, other.processes);
  return result;
}

std::vector<pid_t> processes_running(const std::string& program) {
  std::vector<pid_t> found;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator("/proc", error)) {
    std::error_code gone;
    if (fs::read_symlink(entry.path() / "exe", gone) == program && !gone) {
      found.push_back(static_cast<pid_t>(std::stol(entry.path().filename())));
    }
  }
  return found;
}

std::string added(const Leftovers& before, const Leftovers& after) {
  std::ostringstream text;
  const auto compare_sets = [&](const char* what, const std::set<std::string>& old_set,
                                const std::set<std::string>& new_set) {
    std::size_t shown = 0;
    for (const std::string& item : new_set) {
      if (!old_set.contains(item) && shown++ < 10) text << what << " " << item << "\n";
    }
    if (shown > 10) text << "... " << shown << " of these\n";
  };
  const auto compare = [&](const char* what, std::size_t old_count, std::size_t new_count) {
    if (new_count > old_count) text << what << ": " << old_count << " -> " << new_count << "\n";
  };
  compare_sets("cgroup", before.cgroups, after.cgroups);
  compare_sets("file", before.temp_files, after.temp_files);
  compare_sets("namespace", before.namespaces, after.namespaces);
  compare("mounts", before.mounts, after.mounts);
  compare("descriptors", before.descriptors, after.descriptors);
  compare("zombies", before.zombies, after.zombies);
  compare("processes", before.processes, after.processes);
  return text.str();
}

}  // namespace cordon::test
