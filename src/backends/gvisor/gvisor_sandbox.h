// One sandbox: one world for runsc, one container in it, one command.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "cordon/backend.h"
#include "gvisor/files.h"
#include "gvisor/guarantees.h"
#include "gvisor/runsc.h"
#include "linux/launch.h"
#include "native/caller.h"
#include "native/compile.h"
#include "native/host.h"
#include "native/native_process.h"
#include "native/rules.h"

namespace cordon::gvisor {

class GvisorSandbox final : public Sandbox {
 public:
  // Works out what the sandbox shows; runs nothing. Errors: InvalidArgument: a rule or a limit that
  // cannot be; Degraded: rules that no mount can stand for; Unsupported: what gVisor has not.
  static Result<std::unique_ptr<GvisorSandbox>> create(native::Host& host, Runsc runsc,
                                                       const SandboxSpec& spec);

  Result<std::unique_ptr<Process>> start(const ProcessSpec& spec) override;
  Guarantees guarantees() const override;
  Result<std::string> describe(const ProcessSpec& spec) override;

 private:
  GvisorSandbox(native::Host& host, Runsc runsc, const SandboxSpec& spec);
  Result<void> check() const;
  Result<void> prepare();
  Result<std::vector<std::string>> environment() const;
  Result<linux_os::Plan> plan_for(const ProcessSpec& spec) const;
  std::vector<std::string> arguments() const;
  native::SpareCgroup make_cgroup();
  Result<native::RunningSandbox> launch(const linux_os::Plan& plan, const ProcessSpec& spec);

  native::Host& host_;
  const native::HostFacts* facts_ = nullptr;
  const Runsc runsc_;
  const SandboxSpec spec_;
  const native::Caller caller_;
  native::CompileInput compile_input_;
  native::RuleSet rules_;
  Files files_;
  Enforcement enforcement_;
  bool started_ = false;
};

}  // namespace cordon::gvisor
