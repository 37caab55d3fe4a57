// Drives a ContainerSandbox, and a DevEnvManager, for tests: one command a line of standard input,
// one line of answer each. Arguments: PROJECT IMAGE [HEALTH_CHECK [HIDDEN_NAME]].
#include <atomic>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <map>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "cordon/container_sandbox.h"
#include "cordon/dev_env.h"

namespace {

using namespace cordon;

// "one line" of a text.
std::string flat(std::string text) {
  for (char& c : text) {
    if (c == '\n') c = '|';
  }
  return text;
}

std::string answer(const Result<void>& result) {
  return result ? "ok" : "error " + flat(result.error().message());
}

std::string run(ContainerSandbox& sandbox, const std::string& command,
                std::chrono::nanoseconds timeout) {
  const auto result = sandbox.exec(command, timeout);
  if (!result) return "error " + flat(result.error().message());
  return std::string(to_string(result->status)) + " " + std::to_string(result->exit_code) + " " +
         flat(result->stdout_data) + " " + flat(result->stderr_data) + " " + flat(result->error) +
         (result->limit_hit ? " limit " + std::string(to_string(*result->limit_hit)) : "");
}

std::string keep(ContainerSandbox& sandbox, const std::string& words) {
  const auto space = words.find(' ');
  const auto result =
      sandbox.exec(words.substr(space + 1), ExecOptions{.keep_bytes = std::stoul(words)});
  if (!result) return "error " + flat(result.error().message());
  return flat(result->stdout_data) + (result->stdout_truncated ? " cut " : " whole ") +
         flat(result->stderr_data) + (result->stderr_truncated ? " cut" : " whole");
}

std::string manage(const std::string& verb, const DevEnvRequest& request) {
  std::string said;
  DevEnvOptions options{.state_dir = std::string(std::getenv("CORDON_STATE_DIR")) + "/env"};
  options.on_progress = [&](std::string_view text) { said += text; };
  options.on_swap_needed = [](const SwapNeeded& needed) -> Result<void> {
    return std::unexpected(Error{ErrorCode::Internal, "take", needed.env.image_id, 0, "no", ""});
  };
  const auto manager = DevEnvManager::open(std::move(options));
  if (!manager) return "error " + flat(manager.error().message());
  if (verb == "invalidate") return answer((*manager)->invalidate(request));
  if (verb == "stale") {
    const auto stale = (*manager)->is_stale(request);
    return !stale ? "error " + flat(stale.error().message()) : *stale ? "yes" : "no";
  }
  const auto env = verb == "rebuild" ? (*manager)->rebuild_and_force_swap(request)
                                     : (*manager)->get_or_build(request);
  if (!env) return "error " + flat(env.error().message());
  return (env->built ? "built " : "kept ") + env->image_id + " " + flat(said);
}

// Many commands at once, while the image changes under them: how many told of each image, how many
// of something else, how many failed. One begins before the swap and ends after it.
std::string storm(ContainerSandbox& sandbox, const std::string& image, const std::string& project) {
  std::atomic<bool> swapped = false;
  std::mutex mutex;
  std::map<std::string, int> seen;
  std::vector<std::thread> threads;
  const auto run = [&](const std::string& command) {
    const auto result = sandbox.exec(command);
    const std::scoped_lock lock(mutex);
    ++seen[result && result->exit_code == 0
               ? flat(result->stdout_data)
               : "failed: " + (result ? result->stderr_data : result.error().message())];
  };
  threads.emplace_back([&] {
    run("a=$(cat /which); touch begun; until test -e swapped; do sleep 0.05; done; "
        "echo across-$a-$(cat /which)");
  });
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] {
      for (int after = 0; after < 2; after += swapped ? 1 : 0) {
        run("a=$(cat /which); sleep 0.1; b=$(cat /which); echo $a-$b");
      }
    });
  }
  while (!std::filesystem::exists(project + "/begun")) {
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  const auto outcome = sandbox.hot_swap(image);
  swapped = true;
  std::ofstream(project + "/swapped").close();
  for (std::thread& thread : threads) thread.join();
  std::string text = answer(outcome);
  for (const auto& [what, count] : seen) text += " " + what + "x" + std::to_string(count);
  return text;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 3) return 2;
  ContainerSandboxOptions options{.project_dir = argv[1], .image = argv[2]};
  if (argc > 3) options.health_check = argv[3];
  if (argc > 4)
    options.policy.filesystem = {{.access = Access::Deny, .path = argv[4], .origin = "test"}};
  options.policy.limits.pids = 64;
  options.policy.limits.memory_bytes = 256 << 20;
  options.health_patience = std::chrono::seconds(3);
  auto made = ContainerSandbox::create(std::move(options));
  if (!made) {
    std::cout << "error " << made.error().message() << std::endl;
    return 1;
  }
  ContainerSandbox& sandbox = **made;
  for (std::string line; std::getline(std::cin, line);) {
    const auto space = line.find(' ');
    const std::string verb = line.substr(0, space);
    const std::string rest = space == std::string::npos ? "" : line.substr(space + 1);
    std::string said;
    if (verb == "start") said = answer(sandbox.start());
    if (verb == "stop") said = answer(sandbox.stop());
    if (verb == "swap") said = answer(sandbox.hot_swap(rest));
    if (verb == "storm") said = storm(sandbox, rest, argv[1]);
    if (verb == "exec") said = run(sandbox, rest, std::chrono::seconds(20));
    if (verb == "short") said = run(sandbox, rest, std::chrono::milliseconds(700));
    if (verb == "keep") said = keep(sandbox, rest);
    if (verb == "manager") said = manage(rest, {.project_dir = argv[1]});
    if (verb == "image") said = sandbox.image();
    if (verb == "set_image") sandbox.set_image(rest), said = "ok";
    if (verb == "running") said = sandbox.running() ? "yes" : "no";
    if (verb == "id") said = sandbox.container_id();
    if (verb == "guarantees") said = to_json(sandbox.guarantees());
    if (verb == "build") {
      std::string text = rest;
      for (char& c : text) {
        if (c == '|') c = '\n';
      }
      const auto built = sandbox.build_from_dockerfile(text);
      said = built ? "ok " + *built : "error " + flat(built.error().message());
    }
    std::cout << said << std::endl;
  }
  return 0;
}
