// One sandbox: an instance made for it, or a part of one that runs already.
#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "cordon/backend.h"
#include "lxc/exec_streams.h"
#include "lxc/guarantees.h"
#include "lxc/kept_instance.h"
#include "lxc/lxc_process.h"
#include "lxc/own_instance.h"
#include "lxc/preparation.h"
#include "lxc/store.h"

namespace cordon::lxc {

class LxcSandbox final : public Sandbox {
 public:
  // The instance of `settings` is used where `spec` names no image.
  static Result<std::unique_ptr<LxcSandbox>> create(Store store, const Settings& settings,
                                                    const SandboxSpec& spec);
  // `directory`: of a checkpoint. Errors besides: those of find_kept().
  static Result<std::unique_ptr<LxcSandbox>> restore(Store store, const Settings& settings,
                                                     const SandboxSpec& spec,
                                                     const std::string& directory);

  Result<std::unique_ptr<Process>> start(const ProcessSpec& spec) override;
  Guarantees guarantees() const override;
  Result<void> checkpoint(const std::string& directory, Keep keep) override;
  Result<std::string> describe(const ProcessSpec& spec) override;

 private:
  LxcSandbox(Store store, const Settings& settings, const SandboxSpec& spec);
  Result<void> check_policy() const;
  Result<void> check_keeping(Keep keep) const;
  Scene scene() const;
  Result<void> prepare();
  Result<void> prepare_shared();
  Result<void> prepare_own();
  Result<void> create_instance();
  Result<void> make_instance();
  Result<void> check_mapping() const;
  Result<void> look_at_instance(pid_t first_process, const std::string& name);
  Result<ExecRequest> request_for(const ProcessSpec& spec) const;
  Result<std::unique_ptr<Process>> run(const ProcessSpec& spec);
  Result<std::unique_ptr<ExecStreams>> exec(const ExecRequest& request, BridgeEnds ends);

  Store store_;
  const std::string shared_;   // an instance that runs already; empty: one is made
  const std::string network_;  // of one that is made, where one is named
  const SandboxSpec spec_;
  Preparation prepared_;
  InstancePlan plan_;
  std::string restored_;  // the directory of a checkpoint; empty: a new sandbox
  Enforcement enforcement_;
  std::shared_ptr<OwnInstance> instance_;
  bool started_ = false;
};

}  // namespace cordon::lxc
