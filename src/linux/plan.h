// A compiled sandbox: flat, ordered lists of operations that the sandbox's first process carries
// out one after the other, and the walls that go up at the end. Built by a backend, printed by
// --dry-run, run by FirstProcess.
//
// In two parts. The groundwork is the same for most policies: it can begin before the policy is
// compiled, and be done before anybody asks. The plan is one policy's.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "linux/kernel.h"

namespace cordon::linux_os {

enum class Operation : std::uint8_t {
  WriteFile,  // `text` into host file `path`
  NewRoot,    // tmpfs of `value` bytes; everything below `path` afterwards means: in the new root
  MakeDirectory,  // `path`, mode `value`; existing is fine
  MakeFile,       // `path`, empty, mode `value`; existing is fine
  MakeSymlink,    // `path` -> `text`
  PrivateMounts,  // from here on the host's mounts and unmounts do not come through
  BindDevice,     // the host's device node `path` at the same path, with mount attributes `value`
  Bind,   // host path `text` at `path`, with mount attributes `value`, if it still is `identity`
  Cover,  // new-root path `text` at `path`, as it is mounted there
  Seal,   // `path` read-only, nosuid, nodev, noexec from here on
  MountProc,    // a fresh procfs of the new PID namespace
  MountDevpts,  // a private devpts instance
  PivotRoot,    // make the new root the root and let go of the host's tree
  SealRoot,     // the mount at `path` itself read-only (those below keep their own attributes)
  Hostname,     // `text`
};

// Which file a path meant when the policy was compiled. A path that means another file when it is
// mounted was swapped in between, and the launch fails.
struct FileIdentity {
  std::uint64_t device = 0;
  std::uint64_t inode = 0;
};

// What the path of a step leads through.
enum class Ground : std::uint8_t {
  Private,  // only directories that the launch itself made, or that only the host's administrator
            // can write: nobody can have put a link there
  Host,     // a tree of the host that guests may have written: no symbolic link is followed
};

// What a step may meet without failing the launch.
enum class Tolerance : std::uint8_t {
  Nothing,
  Absence,   // the path is not there: nothing to protect
  Anything,  // a second wall behind one that holds
};

struct PlanStep {
  Operation operation = Operation::PivotRoot;
  Tolerance tolerance = Tolerance::Nothing;
  Ground ground = Ground::Private;
  const char* path = "";
  const char* text = "";
  std::uint64_t value = 0;
  FileIdentity identity;
};

struct LandlockRule {
  const char* path;  // in the new root
  std::uint64_t access;
};

struct ResourceLimit {
  int resource;
  std::uint64_t value;  // soft and hard; never above the hard limit that is in force
};

// Operations with the strings that they point to, so that the child never allocates. Movable, not
// copyable.
class StepList {
 public:
  StepList() = default;
  StepList(StepList&&) = default;
  StepList& operator=(StepList&&) = default;

  // A NUL-terminated copy that lives as long as the list.
  const char* keep(std::string_view text);
  // Adds an operation; its strings are copied.
  PlanStep& add(Operation operation, std::string_view path = {}, std::string_view text = {},
                std::uint64_t value = 0);

  const std::vector<PlanStep>& all() const { return steps_; }
  auto begin() const { return steps_.begin(); }
  auto end() const { return steps_.end(); }
  std::size_t size() const { return steps_.size(); }
  bool empty() const { return steps_.empty(); }
  const PlanStep& operator[](std::size_t index) const { return steps_[index]; }

 private:
  static constexpr std::size_t kBlock = 16 * 1024;
  std::vector<PlanStep> steps_;
  std::vector<std::unique_ptr<char[]>> blocks_;
  char* block_end_ = nullptr;
  std::size_t left_ = 0;
};

// What the command may do within the user namespace that the launch makes. Outside of it no command
// can do more than its caller.
enum class Privileges : std::uint8_t {
  None,
  OfUserNamespace,  // for a runtime that builds walls of its own: mounts, namespaces, ids
};

struct Groundwork {
  std::uint64_t namespaces = 0;  // CLONE_NEW*; without CLONE_NEWNS the host's root stays
  Privileges privileges = Privileges::None;  // of the command; the first process keeps none
  StepList steps;
};

struct Plan {
  StepList steps;
  std::string working_directory = "/";
  // A number at which /dev/null stays open, or -1. The kernel gives a process a table as large as
  // the highest open descriptor takes; to enlarge the table of a process with threads it waits
  // until every processor has passed through a quiet state (fs/file.c, expand_fdtable): 10 ms.
  int spare_descriptor = -1;
  std::vector<LandlockRule> landlock_rules;
  kernel::LandlockRulesetAttr landlock{};
  std::size_t landlock_size = 0;  // 0: the kernel has no Landlock
  std::vector<ResourceLimit> resource_limits;
  std::vector<std::uint8_t> processors;  // sched_setaffinity(2) mask; empty: as the caller
  std::string terminal_multiplexer =
      "/dev/pts/ptmx";  // where a terminal comes from, in the new root
};

// "bind /usr at /usr (read-only, nosuid, nodev)": one operation in words, for --dry-run and errors.
std::string describe(const PlanStep& step);

}  // namespace cordon::linux_os
