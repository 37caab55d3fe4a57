// Checkpoints of instances for lxc_test.py, one step a run: ACTION WORK_DIR IMAGE DIRECTORY SCRIPT.
// Says what came of it on standard output, and on the other one when it begins to keep. An action
// that ends in "-open" has an open network.
#include <poll.h>
#include <unistd.h>

#include <iostream>
#include <memory>
#include <string>
#include <string_view>

#include "cordon/backend.h"
#include "core/id.h"
#include "lxc/lxc_backend.h"

namespace {

using namespace cordon;

struct Words {
  std::string_view action;
  std::string work_dir;
  std::string image;
  std::string directory;
  std::string script;
};

int say(const Error& error) {
  std::cout << "error " << error.message() << "\n" << std::flush;
  return 1;
}

// Until its end, or until there is this in it.
std::string read_output(Process& process, std::string_view until) {
  std::string text;
  for (;;) {
    pollfd ready{process.stdout_fd(), POLLIN, 0};
    if (::poll(&ready, 1, 60'000) <= 0) return text + "(nothing more)";
    char bytes[4096];
    const ssize_t size = ::read(process.stdout_fd(), bytes, sizeof bytes);
    if (size <= 0) return text;
    text.append(bytes, static_cast<std::size_t>(size));
    if (!until.empty() && text.contains(until)) return text;
  }
}

ProcessSpec command(const std::string& script) {
  return {
      .command = "sh", .args = {"-c", script}, .stdin_source = StdinSource::Pipe, .terminal = {}};
}

// The script says "ready", and then goes on until it is ended.
int keep(Sandbox& sandbox, const Words& words) {
  auto process = sandbox.start(command(words.script));
  if (!process) return say(process.error());
  read_output(**process, "ready\n");
  std::cerr << "keeping\n" << std::flush;
  const bool processes = words.action == "keep-processes";
  const auto kept = sandbox.checkpoint(words.directory, processes ? Keep::Processes : Keep::Files);
  if (!kept) say(kept.error());
  if (!kept) (*process)->close_stdin();
  const std::string rest = read_output(**process, "");
  const auto end = (*process)->wait();
  if (!end) return say(end.error());
  std::cout << "ended " << end->wait_status << " " << rest << "\n" << std::flush;
  return 0;
}

int run(Sandbox& sandbox, const Words& words) {
  auto process = sandbox.start(command(words.script));
  if (!process) return say(process.error());
  (*process)->close_stdin();
  std::cout << read_output(**process, "") << std::flush;
  const auto end = (*process)->wait();
  return end ? 0 : say(end.error());
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 6) return 2;
  const Words words{argv[1], argv[2], argv[3], argv[4], argv[5]};
  const auto backend = make_lxc_backend({});
  if (words.action == "remove") {
    const auto removed = backend->remove_checkpoint(words.directory);
    return removed ? 0 : say(removed.error());
  }
  SandboxSpec spec;
  spec.id = *make_id();
  spec.work_dir = words.work_dir;
  spec.image = words.image;
  if (words.action.ends_with("-open")) spec.policy.network = NetworkMode::Open;
  const bool restores = words.action.starts_with("restore");
  auto sandbox = restores ? backend->restore(spec, words.directory) : backend->create(spec);
  if (!sandbox) return say(sandbox.error());
  return restores ? run(**sandbox, words) : keep(**sandbox, words);
}
