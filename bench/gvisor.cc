// A command on gVisor's kernel, against runsc's own way to run one; and what it costs to stop one
// and go on with it.
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <memory>

#include "benchmarks.h"
#include "child.h"
#include "core/id.h"
#include "gvisor/gvisor_backend.h"
#include "need.h"

namespace cordon::bench {

namespace {

Row short_run(const Options& options, const std::string& directory) {
  const Command ours = {options.cordon, "run",     "--backend", "gvisor",
                        "--workdir",    directory, "--",        "true"};
  const Command peer = {
      "runsc", "--root", directory + "/state", "--network=none", "--ignore-cgroups", "do", "true"};
  const std::size_t pairs = std::max<std::size_t>(options.samples / 20, 5);
  const Samples samples = measure_pairs(pairs, [&] { run(ours); }, [&] { run(peer); });
  const double ratio = median_ratio(samples);
  return {"cordon run --tier gvisor : runsc do",
          milliseconds(median(samples.ours)),
          milliseconds(median(samples.peer)),
          times(ratio),
          "<= 0.8",
          ratio <= 0.8};
}

struct Running {
  std::unique_ptr<Sandbox> sandbox;
  std::unique_ptr<Process> process;
};

// Returns once the command answers.
Running start(std::unique_ptr<Sandbox> sandbox) {
  Running running{std::move(sandbox), nullptr};
  running.process = need(running.sandbox->start(
      {.command = "cat", .args = {}, .stdin_source = StdinSource::Pipe, .terminal = {}}));
  if (::write(running.process->stdin_fd(), "x", 1) != 1) give_up("the command takes no input");
  char byte = 0;
  while (::read(running.process->stdout_fd(), &byte, 1) != 1) ::usleep(500);
  return running;
}

Row checkpoint_and_restore(const Options& options, const std::string& directory) {
  if (::geteuid() != 0) return {"checkpoint and restore: for root only", "", "", "", "", true};
  const auto backend = make_gvisor_backend(gvisor::measure);
  const auto spec = [&] {
    SandboxSpec spec;
    spec.id = need(make_id());
    spec.work_dir = directory;
    return spec;
  };
  const std::string saved = options.work_dir + "/saved";
  std::vector<double> together;
  for (std::size_t i = 0; i < std::max<std::size_t>(options.samples / 50, 5); ++i) {
    Running running = start(need(backend->create(spec())));
    const double written = time([&] { need(running.sandbox->checkpoint(saved, Keep::Processes)); });
    running = {};
    const double restored = time([&] { start(need(backend->restore(spec(), saved))); });
    together.push_back(written + restored);
    std::filesystem::remove_all(saved);
  }
  constexpr double kPromise = 250e6;
  const double middle = median(together);
  return {"gVisor: checkpoint, and restore until it answers",
          milliseconds(middle),
          "",
          "",
          "<= 250 ms",
          middle <= kPromise};
}

}  // namespace

std::vector<Row> command_on_gvisor(const Options& options) {
  const auto supported = make_gvisor_backend(gvisor::measure)->supported();
  if (!supported) return {{"gVisor: " + supported.error().message(), "", "", "", "", true}};
  const std::string directory = options.work_dir + "/on-gvisor";
  std::filesystem::create_directory(directory);
  return {short_run(options, directory), checkpoint_and_restore(options, directory)};
}

}  // namespace cordon::bench
