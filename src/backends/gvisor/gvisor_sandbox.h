// One sandbox: one world for runsc, one container in it, one command.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "cordon/backend.h"
#include "gvisor/checkpoint.h"
#include "gvisor/console.h"
#include "gvisor/enter.h"
#include "gvisor/files.h"
#include "gvisor/guarantees.h"
#include "gvisor/platform.h"
#include "gvisor/runsc.h"
#include "gvisor/second_ids.h"
#include "linux/launch.h"
#include "native/caller.h"
#include "native/compile.h"
#include "native/host.h"
#include "native/native_process.h"
#include "native/rules.h"

namespace cordon::gvisor {

// Whether runsc restores for this caller. Errors: Unsupported, with the reason and the remedy.
Result<void> can_checkpoint(Measure measure);

class GvisorSandbox final : public Sandbox {
 public:
  // Works out what the sandbox shows; runs nothing. Errors: InvalidArgument: a rule or a limit that
  // cannot be; Degraded: rules that no mount can stand for; Unsupported: what gVisor has not.
  static Result<std::unique_ptr<GvisorSandbox>> create(native::Host& host, Runsc runsc,
                                                       PlatformChoice platform,
                                                       const SandboxSpec& spec, Measure measure);
  // Errors besides: those of verify_checkpoint(); Unsupported, as can_checkpoint().
  static Result<std::unique_ptr<GvisorSandbox>> restore(native::Host& host, Runsc runsc,
                                                        PlatformChoice platform,
                                                        const SandboxSpec& spec,
                                                        const std::string& directory,
                                                        Measure measure);

  Result<std::unique_ptr<Process>> start(const ProcessSpec& spec) override;
  Guarantees guarantees() const override;
  Result<void> pause() override;
  Result<void> resume() override;
  Result<void> checkpoint(const std::string& directory, Keep keep) override;
  Result<std::string> describe(const ProcessSpec& spec) override;

 private:
  GvisorSandbox(native::Host& host, Runsc runsc, PlatformChoice platform, const SandboxSpec& spec,
                Measure measure);
  Result<void> check() const;
  Result<void> prepare();
  Result<std::vector<std::string>> environment() const;
  Result<linux_os::Plan> plan_for(const ProcessSpec& spec, const Console* console) const;
  std::vector<std::string> arguments(const ProcessSpec& spec) const;
  Scene scene() const {
    return {.work_dir = rules_.work_dir,
            .mounts = files_.mounts,
            .runsc_path = runsc_.path,
            .platform = platform_.platform,
            .tasks = enforcement_.counts_tasks ? *spec_.policy.limits.pids : 0};
  }
  Result<void> check_running(std::string_view asked) const;
  Result<void> check_out_of_reach(const std::string& directory) const;
  Result<void> call(const std::string& subcommand) const;
  native::SpareCgroup make_cgroup();
  Result<native::RunningSandbox> launch(linux_os::FirstProcess first, const linux_os::Plan& plan,
                                        const ProcessSpec& spec);

  native::Host& host_;
  const native::HostFacts* facts_ = nullptr;
  const Runsc runsc_;
  const PlatformChoice platform_;
  const SandboxSpec spec_;
  const Measure measure_;
  const native::Caller caller_;
  native::CompileInput compile_input_;
  native::RuleSet rules_;
  Files files_;
  Enforcement enforcement_;
  std::optional<VerifiedCheckpoint> restored_;  // where the command goes on from
  std::optional<SecondIds> second_ids_;         // of a caller who is not root, for that
  World world_;                                 // once started
};

}  // namespace cordon::gvisor
