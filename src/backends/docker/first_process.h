// Cordon's side of the first process of a container: it waits until the container has been looked
// at, says how the command ended, and ends with Cordon.
#pragma once

#include <sys/types.h>

#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

#include "cordon/error.h"
#include "core/unique_fd.h"
#include "docker/inside/protocol.h"
#include "docker/own_place.h"
#include "engine/connection.h"

namespace cordon::docker {

// libexec/cordon/cordon-container of the tree that this program is of. Errors: NotFound.
Result<std::string> find_first_program();
// cordon-idle, likewise: of containers that stay.
Result<std::string> find_idle_program();

// A place of the host where a first process finds us; it is gone when this object is.
class FirstPlace {
 public:
  // `others_enter`: containers have users of their own, and the engine makes their mounts as those.
  // `program`: what will come.
  static Result<std::unique_ptr<FirstPlace>> make(std::string program, bool others_enter);
  FirstPlace(const FirstPlace&) = delete;
  FirstPlace& operator=(const FirstPlace&) = delete;

  std::string socket() const { return place_.path(OwnPlace::kSocket); }
  // For a container without a network: localhost is all that it knows.
  std::string hosts() const { return place_.path(OwnPlace::kHosts); }
  int fd() const { return listener_.get(); }
  // The first process of this container, and nobody else. Errors: Unavailable: it did not come.
  // Unsupported: something else came in its place.
  Result<UniqueFd> accept(std::string_view container, engine::Deadline deadline);
  // Whether this process is it. Errors: Unsupported.
  Result<void> check(pid_t pid) const;

 private:
  FirstPlace(OwnPlace place, std::string program)
      : place_(std::move(place)), program_(std::move(program)) {}

  OwnPlace place_;
  std::string program_;
  UniqueFd listener_;
};

// Thread-safe.
class FirstProcess {
 public:
  // Has it load the filter of system calls: then it can be looked at, and has begun nothing.
  static Result<std::unique_ptr<FirstProcess>> prepare(UniqueFd lifeline,
                                                       engine::Deadline deadline);

  // 0: not a process of our namespace.
  pid_t pid() const { return pid_; }
  // Errors: NotFound, PermissionDenied: of the command.
  Result<void> begin(const std::string& command, engine::Deadline deadline);

  // Readable when it has something to say. -1 once the command has ended.
  int fd() const;
  // True when the command has ended; the first process waits for let_go().
  bool hear();
  void let_go();
  std::optional<int> wait_status() const;
  Result<void> signal(int number);

 private:
  FirstProcess(UniqueFd lifeline, pid_t pid) : pid_(pid), lifeline_(std::move(lifeline)) {}
  Result<first_process::Report> await(engine::Deadline deadline) const;

  const pid_t pid_;
  mutable std::mutex mutex_;
  UniqueFd lifeline_;
  std::optional<int> wait_status_;
};

}  // namespace cordon::docker
