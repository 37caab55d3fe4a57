// A container that is made of a policy: planned, made, and looked at before anything of the guest's
// runs in it.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "cordon/backend.h"
#include "docker/files.h"
#include "docker/guarantees.h"
#include "docker/identity.h"
#include "docker/kernel_watch.h"
#include "docker/own_place.h"
#include "docker/owned_container.h"
#include "docker/runtime.h"
#include "engine/client.h"
#include "native/caller.h"
#include "native/rules.h"

namespace cordon::docker {

// Of this host: what is to run first in a container, and where it finds us.
struct FirstMounts {
  std::string program;
  std::string socket;
  std::string hosts;
};

struct ContainerCommand {
  std::vector<std::string> words;
  bool open_stdin = false;
  bool terminal = false;
  // In place of the engine's init and filter of system calls: see takes_first_process().
  std::optional<FirstMounts> first = {};
  // In place of the words: see must_idle(). The program, on this host.
  std::optional<std::string> idle = {};
};

class HardenedContainer {
 public:
  // Asks the engine for the image and works out what the container shows; makes nothing. Errors:
  // InvalidArgument: no image, a rule that cannot be; NotFound: no such image; Degraded: rules that
  // no mount can stand for; Unsupported: what a container has not.
  static Result<std::unique_ptr<HardenedContainer>> plan(engine::Client client,
                                                         const SandboxSpec& spec, Runtime runtime);
  HardenedContainer(const HardenedContainer&) = delete;
  HardenedContainer& operator=(const HardenedContainer&) = delete;

  // Whether a first process of Cordon's own can be in it: gVisor opens no socket of the host. An
  // image with links in the right places has the engine start another one than ours, so who cannot
  // see which one it is takes none.
  bool takes_first_process() const;
  // Whether a container that stays has to begin with Cordon's program: only then it can be looked
  // at before anything of the image's runs.
  bool must_idle() const { return client_.version().is_podman(); }
  // Its users are not the host's, and the engine makes its mounts as one of them.
  bool has_own_users() const { return enforcement_.info.has_security("userns"); }

  // Its labels say that this process owns it.
  Result<engine::ContainerConfig> config_for(const ContainerCommand& command) const;
  // Errors: also Unsupported: the engine did not take all of it; Degraded: a guarantee that was
  // required; Unavailable: it has made none by `latest`. One that comes after that is removed by
  // whoever reaps orphans.
  Result<std::shared_ptr<OwnedContainer>> make(std::string_view name,
                                               const engine::ContainerConfig& config,
                                               engine::Deadline latest = engine::Deadline::max());
  // Before it is started, for what check_running() may come too late to see.
  void watch_start(std::string_view id);
  // What another process made of the same and kept: looked at as if it had been made now.
  Result<void> look_again(std::string_view id, const engine::ContainerConfig& config);
  // What the kernel says of it once it runs, where that can be seen: its first process, else 0.
  // `first_process`: where it is known; otherwise the engine is asked. Errors: Unsupported: it is
  // not what the engine says; Degraded: a guarantee that was required is none unseen.
  Result<pid_t> check_running(std::string_view id, pid_t first_process = 0);

  // Rules that hold no more in a container of this plan: what the host has put in the place of
  // their files is open there. Absent where the process is not one of it, or not to be seen.
  std::optional<std::vector<std::string>> let_go(std::string_view id, pid_t process) const;

  const engine::Client& client() const { return client_; }
  const SandboxSpec& spec() const { return spec_; }
  const engine::Image& image() const { return image_; }
  const Identity& identity() const { return identity_; }
  Guarantees guarantees() const;

 private:
  HardenedContainer(engine::Client client, const SandboxSpec& spec, Runtime runtime);
  Result<void> prepare();
  Result<void> check_policy() const;
  Result<void> check_taken(const engine::ContainerConfig& asked, std::string_view id);
  std::vector<std::string> untold(pid_t first_process) const;
  Result<void> await_idle(pid_t first_process) const;
  Result<pid_t> not_seen();

  bool on_gvisor() const;
  bool is_kernel(pid_t process) const;

  engine::Client client_;
  SandboxSpec spec_;
  const Runtime runtime_;
  native::Caller caller_;
  engine::Image image_;
  native::RuleSet rules_;
  Files files_;
  std::optional<OwnPlace> empty_;  // what stands for masked files on gVisor
  Identity identity_;
  Enforcement enforcement_;
  std::string runsc_;  // the engine's program; empty: it names none, or another runtime is used
  std::unique_ptr<KernelWatch> starting_;
};

}  // namespace cordon::docker
