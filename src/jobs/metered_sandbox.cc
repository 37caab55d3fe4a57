#include "jobs/metered_sandbox.h"

#include <utility>

#include "core/try.h"

namespace cordon::jobs {

namespace {

class MeteredProcess final : public Process {
 public:
  MeteredProcess(std::unique_ptr<Process> process, const DiskMeter& meter)
      : process_(std::move(process)), meter_(meter) {}

  int stdin_fd() const override { return process_->stdin_fd(); }
  void close_stdin() override { process_->close_stdin(); }
  int stdout_fd() const override { return process_->stdout_fd(); }
  int stderr_fd() const override { return process_->stderr_fd(); }
  int exit_fd() const override { return process_->exit_fd(); }
  Result<ProcessEnd> wait() override { return process_->wait(); }
  Result<void> signal(int number) override { return process_->signal(number); }
  void kill() override { process_->kill(); }
  Result<void> resize(TerminalSize size) override { return process_->resize(size); }
  std::optional<LimitKind> poll_limits() override {
    if (meter_.exceeded()) return LimitKind::Disk;
    return process_->poll_limits();
  }

 private:
  std::unique_ptr<Process> process_;
  const DiskMeter& meter_;
};

class MeteredSandbox final : public Sandbox {
 public:
  MeteredSandbox(std::unique_ptr<Sandbox> sandbox, const DiskMeter& meter)
      : sandbox_(std::move(sandbox)), meter_(meter) {}

  Result<std::unique_ptr<Process>> start(const ProcessSpec& spec) override {
    return std::make_unique<MeteredProcess>(TRY(sandbox_->start(spec)), meter_);
  }
  Guarantees guarantees() const override { return sandbox_->guarantees(); }
  Result<std::string> describe(const ProcessSpec& spec) override {
    return sandbox_->describe(spec);
  }
  Result<Observation> observation() override { return sandbox_->observation(); }

 private:
  std::unique_ptr<Sandbox> sandbox_;
  const DiskMeter& meter_;
};

}  // namespace

std::unique_ptr<Sandbox> metered(std::unique_ptr<Sandbox> sandbox, const DiskMeter& meter) {
  return std::make_unique<MeteredSandbox>(std::move(sandbox), meter);
}

}  // namespace cordon::jobs
