// Landlock for a program that wants to restrict itself, one of its threads, or a child: no
// privileges, no other process, no way back. Linux 5.13 and newer.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "cordon/error.h"
#include "cordon/execution.h"
#include "cordon/guarantees.h"

namespace cordon {

// What was, or is going to be, enforced.
struct LandlockReport {
  int abi = 0;  // the kernel's, as far as Cordon knows it
  // filesystem.read, filesystem.write, network.egress, ipc.unix_abstract, process.isolation,
  // devices: what this ABI covers, and what stays uncovered.
  Guarantees guarantees;
  std::vector<std::string> missing_paths;  // added, but not there; they stay forbidden
  std::size_t threads = 0;  // restricted by this call; 0 where ABI 8 did it and /proc is not there
};

// A finished ruleset, ready for a child. Movable, owns a descriptor (close-on-exec).
// restrict_self() may be called from several threads or children; the rest is not thread-safe.
class LandlockRuleset {
 public:
  LandlockRuleset(LandlockRuleset&& other) noexcept;
  LandlockRuleset& operator=(LandlockRuleset&& other) noexcept;
  ~LandlockRuleset();

  const LandlockReport& report() const { return report_; }

  // Restricts the calling thread and what it starts from now on, and sets no_new_privs. Returns 0,
  // or an errno; then the caller must not go on. Async-signal-safe: this is for a child between
  // fork and exec.
  //
  //   auto rules = cordon::Landlock().add_read_only("/usr").add_read_write("/srv/job").prepare();
  //   if (!rules) return fail(rules.error().message());
  //   if (const pid_t child = fork(); child == 0) {
  //     if (rules->restrict_self() != 0) _exit(126);
  //     execl("/usr/bin/make", "make", nullptr);
  //     _exit(127);
  //   }
  int restrict_self() const noexcept;

 private:
  friend class Landlock;
  LandlockRuleset(int fd, LandlockReport report) : fd_(fd), report_(std::move(report)) {}

  int fd_ = -1;
  LandlockReport report_;
};

// A list of what stays allowed. Everything else that the kernel's ABI can handle is refused: files,
// TCP, signals to and abstract sockets of processes outside, ioctl on devices.
//
// Not covered by any ABI up to 8: looking up names and attributes, changing modes, owners, times
// and extended attributes, UDP and every socket family but TCP, descriptors that are open already.
// Other processes stay visible. With system calls filtered as well (cordon/seccomp.h) little is
// left.
//
// A value. Not thread-safe. Paths may be relative to the current directory; they are opened, and
// links followed, when the list is applied. A directory stands for everything beneath it; what a
// rule grants cannot be taken back further down.
//
//   auto report = cordon::Landlock()
//                     .add_read_only("/usr")
//                     .add_read_write("/srv/job")
//                     .apply_to_process();
//   if (!report) return fail(report.error().message());
class Landlock {
 public:
  // The kernel's ABI, 1 and up; 0 where there is no Landlock, which is no error. A newer one than
  // Cordon knows counts as the newest known. Thread-safe.
  //
  //   if (cordon::Landlock::abi() < 4) std::cerr << "TCP cannot be restricted here\n";
  static int abi();

  // Read files, list directories, execute. Nothing is looked at yet: what is wrong with a path, its
  // absence too, is told when the list is applied.
  //
  //   landlock.add_read_only("/usr").add_read_only("/etc/ssl/certs");
  Landlock& add_read_only(std::string path);
  // The same, and create, change, truncate, rename, link and delete. No device nodes. For a device
  // that is named itself: its ioctls too. Paths as above.
  //
  //   landlock.add_read_write("/srv/job").add_read_write("/dev/null");
  Landlock& add_read_write(std::string path);
  // TCP ports, 0 to 65535; 0 lets bind(2) choose one. Without any of these all TCP is refused.
  // The kernel holds this from ABI 4 on; what it says before: see Degraded below.
  //
  //   landlock.allow_tcp_connect(443).allow_tcp_bind(8080);
  Landlock& allow_tcp_bind(std::uint16_t port);
  Landlock& allow_tcp_connect(std::uint16_t port);
  // Leaves TCP alone: what the caller may connect to and bind stays as it is.
  Landlock& allow_all_tcp();

  // Restricts the calling thread; threads and processes it starts from now on inherit that. Other
  // threads of the process share its memory: against hostile code this protects nothing while they
  // run free.
  //
  //   std::thread worker([&] {
  //     if (!cordon::Landlock().add_read_only(input).apply_to_thread()) return;
  //     parse(input);
  //   });
  //
  // Errors, here and below. Nothing is restricted then:
  //   Unsupported       no Landlock: the kernel, its boot options, or a filter on the caller
  //   Degraded          the kernel does not cover all that was asked for (truncating files before
  //                     ABI 3, TCP before ABI 4) and WeakerGuarantees::Accept was not given; the
  //                     report says what is missing where it was
  //   InvalidArgument   an empty path, or one that cannot be opened (PermissionDenied, ...); a path
  //                     that is not there is no error: see LandlockReport::missing_paths
  Result<LandlockReport> apply_to_thread(WeakerGuarantees weaker = WeakerGuarantees::Refuse) const;

  // Restricts every thread of the process, those of libraries too. With ABI 8 (Linux 7.0) the
  // kernel does it in one step. Before, a real-time signal that nobody uses is sent to each other
  // thread; its handler holds them all, then restricts each: blocking calls there may end with
  // EINTR, and on return the signal's handling is as it was. Each thread then has a domain of its
  // own, so an abstract socket that one of them binds later cannot be reached by another. Before
  // the kernel's fix (erratum 2) they could not signal each other either: there signals are left
  // alone, and the report says so. A few threads take well under a millisecond, none more than two
  // seconds.
  //
  // Errors: as above; besides
  //   Unsupported       /proc cannot be read; or a thread blocks every free real-time signal, is
  //                     stopped, or does not take the signal (which then stays handled, so that it
  //                     ends nothing when it is taken); nothing is restricted
  //   Internal          the kernel refused to restrict one thread after it had restricted others
  //                     (it stacks at most 16 rulesets). That cannot be undone: end the process.
  //
  //   auto report = cordon::Landlock().add_read_only("/").apply_to_process();
  //   if (!report) return fail(report.error().message());
  //   std::cerr << report->threads << " threads can write nothing now\n";
  Result<LandlockReport> apply_to_process(WeakerGuarantees weaker = WeakerGuarantees::Refuse) const;

  // A ruleset for a child: the example is at LandlockRuleset::restrict_self(). Nothing is
  // restricted yet. Errors: as apply_to_thread().
  Result<LandlockRuleset> prepare(WeakerGuarantees weaker = WeakerGuarantees::Refuse) const;

 private:
  enum class Grant { Read, Write };
  enum class Signals { Scoped, LeftAlone };
  struct PathGrant {
    std::string path;
    Grant grant;
  };
  struct PortGrant {
    std::uint16_t port;
    std::uint64_t rights;
  };

  Result<LandlockRuleset> build(WeakerGuarantees weaker, Signals signals) const;

  std::vector<PathGrant> paths_;
  std::vector<PortGrant> ports_;
  bool all_tcp_ = false;
};

}  // namespace cordon
