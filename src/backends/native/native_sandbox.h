// One sandbox of the native backend: a compiled plan that one command is started in.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "cordon/backend.h"
#include "native/compile.h"
#include "native/guarantees.h"
#include "native/host.h"
#include "native/native_process.h"
#include "native/private_directory.h"

namespace cordon::native {

class NativeSandbox final : public Sandbox {
 public:
  // Compiles the policy for the full wall. Errors: InvalidArgument, as resolve_rules().
  static Result<std::unique_ptr<NativeSandbox>> create(Host& host, const SandboxSpec& spec);

  Result<std::unique_ptr<Process>> start(const ProcessSpec& spec) override;
  Guarantees guarantees() const override;
  Result<std::string> describe(const ProcessSpec& spec) override;

 private:
  NativeSandbox(Host& host, const SandboxSpec& spec);
  Result<void> compile_for(Walls walls);
  // Gives up the namespaces if that is why the launch failed and the caller accepts it.
  Result<void> weaken(Error refusal);
  // What only namespaces can give and the caller asked for by name.
  Result<void> check_weakened() const;
  Result<std::unique_ptr<Process>> launch(const ProcessSpec& spec);
  std::unique_ptr<cgroup::Cgroup> make_cgroup();
  Result<std::vector<std::string>> environment() const;

  Host& host_;
  SandboxSpec spec_;
  Caller caller_;
  Compiled compiled_;
  Enforcement enforcement_;
  std::optional<PrivateDirectory> private_directory_;  // Walls::LandlockOnly
  bool started_ = false;
};

}  // namespace cordon::native
