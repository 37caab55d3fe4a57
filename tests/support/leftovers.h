// What a sandbox could leave behind on the host, counted.
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <map>
#include <set>
#include <string>
#include <vector>

namespace cordon::test {

struct Leftovers {
  std::set<std::string> cgroups;     // directories named cordon-* in any hierarchy
  std::set<std::string> temp_files;  // named *cordon* in /tmp, /var/tmp, /dev/shm and /run
  std::set<std::string> namespaces;  // of all processes in sight
  std::size_t mounts = 0;            // in this process's own mount table
  std::size_t descriptors = 0;       // of this process
  std::size_t zombies = 0;           // children of this process
  std::size_t processes = 0;         // named cordon or cordon_guest
};

// Of an ordinary user only what is that user's: what runs beside this test as somebody else is
// theirs.
Leftovers count_leftovers(uid_t owner);
// What was there both times: other programs' sandboxes come and go, what is left behind stays.
Leftovers staying(const Leftovers& one, const Leftovers& other);

// Entries of /tmp and its like that are named *cordon*, but for the tests' own.
std::set<std::string> temp_files_of(uid_t owner);

// Processes, of any user, whose program is this file.
std::vector<pid_t> processes_running(const std::string& program);

// What is there now and was not there before, in words; empty when nothing is. Namespaces of
// processes that have nothing to do with the test come and go: only those that stay are counted by
// the caller.
std::string added(const Leftovers& before, const Leftovers& after);

}  // namespace cordon::test
