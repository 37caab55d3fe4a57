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
#include "native/prepared.h"
#include "native/private_directory.h"
#include "observe/observer.h"

namespace cordon::native {

enum class Beginning {
  AtStart,  // nothing runs before start()
  AtOnce,   // the first process lays its groundwork while the policy is read
};

class NativeSandbox final : public Sandbox {
 public:
  // Compiles the policy for the full wall. Errors: InvalidArgument, as resolve_rules().
  static Result<std::unique_ptr<NativeSandbox>> create(Host& host, const SandboxSpec& spec,
                                                       Beginning beginning);

  Result<std::unique_ptr<Process>> start(const ProcessSpec& spec) override;
  Guarantees guarantees() const override;
  Result<std::string> describe(const ProcessSpec& spec) override;
  Result<Observation> observation() override;

 private:
  NativeSandbox(Host& host, const SandboxSpec& spec);
  Result<Prepared> begin();
  Result<void> compile_for(Walls walls);
  // Gives up the namespaces if that is why the launch failed and the caller accepts it.
  Result<void> weaken(Error refusal);
  // What only namespaces can give and the caller asked for by name.
  Result<void> check_weakened() const;
  // Again with a first process of its own, if the prepared one has fallen behind the host.
  Result<std::unique_ptr<Process>> launch(const ProcessSpec& spec);
  Result<std::unique_ptr<Process>> launch_in(Prepared prepared, const ProcessSpec& spec);
  SpareCgroup make_cgroup();
  Result<observe::ObserverSettings> observer_settings(Watch watch,
                                                      std::span<const sock_filter> filter) const;
  Result<std::vector<std::string>> environment() const;

  Host& host_;
  const HostFacts* facts_ = nullptr;
  SandboxSpec spec_;
  Caller caller_;
  Compiled compiled_;
  Enforcement enforcement_;
  std::optional<PrivateDirectory> private_directory_;  // Walls::LandlockOnly
  std::optional<Result<Prepared>> prepared_;           // Beginning::AtOnce, until it is launched
  observe::Observer observer_;
  bool from_stock_ = false;  // it was made before this policy was read
  bool started_ = false;
};

}  // namespace cordon::native
