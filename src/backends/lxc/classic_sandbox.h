// A part of a container of classic LXC that runs already, and that others use, too.
#pragma once

#include <memory>
#include <string>

#include "cordon/backend.h"
#include "lxc/classic_container.h"
#include "lxc/guarantees.h"
#include "lxc/preparation.h"

namespace cordon::lxc {

// The refusal of what takes a store.
Error no_checkpoints_of_classic();

class ClassicSandbox final : public Sandbox {
 public:
  static Result<std::unique_ptr<ClassicSandbox>> create(ClassicContainer container,
                                                        const SandboxSpec& spec);

  Result<std::unique_ptr<Process>> start(const ProcessSpec& spec) override;
  Guarantees guarantees() const override { return make_guarantees(enforcement_); }
  Result<void> checkpoint(const std::string& directory, Keep keep) override;
  Result<std::string> describe(const ProcessSpec& spec) override;

 private:
  ClassicSandbox(ClassicContainer container, const SandboxSpec& spec)
      : container_(std::move(container)), spec_(spec) {}
  Result<void> check() const;
  Result<void> prepare();

  const ClassicContainer container_;
  const SandboxSpec spec_;
  Preparation prepared_;
  Enforcement enforcement_;
};

}  // namespace cordon::lxc
