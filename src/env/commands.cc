#include "env/commands.h"

#include <fmt/format.h>
#include <unistd.h>

#include <boost/json/serialize.hpp>
#include <csignal>

#include "cli/run_policy.h"
#include "cli/write_all.h"
#include "cordon/container_sandbox.h"
#include "core/printable.h"
#include "core/rfc3339.h"
#include "core/try.h"

namespace cordon::env {

namespace {

namespace json = boost::json;

void say(std::string_view text) {
  // Lines of strangers, for a terminal; their ends stay.
  std::string shown;
  while (!text.empty()) {
    const auto line = text.substr(0, text.find('\n'));
    text.remove_prefix(line.size());
    shown += printable(line);
    if (text.starts_with('\n')) {
      shown += '\n';
      text.remove_prefix(1);
    }
  }
  cli::write_all(STDERR_FILENO, shown);
}

json::object to_json(const DevEnv& env) {
  return {{"id", env.id},
          {"project_dir", printable(env.project_dir)},
          {"dockerfile", printable(env.dockerfile)},
          {"image", env.image},
          {"image_id", env.image_id},
          {"key", env.key},
          {"built_at", format_rfc3339(env.built_at)},
          {"built", env.built},
          {"build_log", env.build_log}};
}

int print(const json::value& document) { return cli::print(json::serialize(document) + "\n"); }

DevEnvOptions manager_options(const Options& options) {
  DevEnvOptions made{
      .state_dir = options.state_dir + "/env",
      .pull = options.pull,
      .network = options.network,
      .memory_bytes = options.memory_bytes,
      .on_progress = say,
      .words = {.longer = "--timeout", .network = "--net open", .fetch = "--pull missing"}};
  const bool builds = options.verb == Verb::Build || options.verb == Verb::Swap;
  if (builds && options.timeout) made.build_timeout = *options.timeout;
  return made;
}

Result<std::unique_ptr<ContainerSandbox>> container(const Options& options, std::string image) {
  cli::RunOptions run;
  run.work_dir = options.request.project_dir;
  ContainerSandboxOptions made{.project_dir = options.request.project_dir,
                               .image = std::move(image),
                               .policy = TRY(cli::effective_policy(run)).policy,
                               .health_check = options.health_check,
                               .life = ContainerLife::Kept};
  if (options.network == NetworkMode::Open) made.policy.network = NetworkMode::Open;
  if (options.memory_bytes) made.policy.limits.memory_bytes = options.memory_bytes;
  return ContainerSandbox::create(std::move(made));
}

Result<int> build(const Options& options) {
  const auto manager = TRY(DevEnvManager::open(manager_options(options)));
  const DevEnv env = TRY(manager->get_or_build(options.request));
  return options.json ? print(to_json(env)) : cli::print(env.image + "\n");
}

Result<int> swap(const Options& options) {
  std::string id;
  DevEnvOptions made = manager_options(options);
  made.on_swap_needed = [&](const SwapNeeded& needed) -> Result<void> {
    const auto sandbox = TRY(container(
        options, needed.previous_image.empty() ? needed.env.image : needed.previous_image));
    TRY(sandbox->hot_swap(needed.env.image));
    id = sandbox->container_id();
    return {};
  };
  const auto manager = TRY(DevEnvManager::open(std::move(made)));
  const DevEnv env = TRY(manager->rebuild_and_force_swap(options.request));
  if (!options.json) return cli::print(env.image + "\n");
  json::object document = to_json(env);
  document["container_id"] = id;
  return print(document);
}

Result<int> status(const Options& options) {
  const auto manager = TRY(DevEnvManager::open(manager_options(options)));
  std::vector<DevEnv> list;
  if (!options.one_project) {
    list = TRY(manager->list());
  } else if (auto env = TRY(manager->find(options.request))) {
    list.push_back(*std::move(env));
  }
  json::array document;
  std::string table;
  for (const DevEnv& env : list) {
    DevEnvRequest request = options.request;
    request.project_dir = env.project_dir;
    request.dockerfile = env.dockerfile;
    const auto stale = manager->is_stale(request);
    const std::string_view state = !stale ? "gone" : *stale ? "stale" : "fresh";
    json::object one = to_json(env);
    one["state"] = json::string_view(state.data(), state.size());
    document.push_back(std::move(one));
    table += fmt::format("{:6} {}  {}\n", state, env.image, printable(env.project_dir));
  }
  return options.json ? print(document) : cli::print(table);
}

// A word for sh each; one word alone is for sh as it stands.
std::string command_line(const std::vector<std::string>& words) {
  if (words.size() == 1) return words.front();
  std::string line;
  for (const std::string& word : words) {
    if (!line.empty()) line += ' ';
    line += '\'';
    for (const char c : word) {
      if (c == '\'') {
        line += "'\\''";
      } else {
        line += c;
      }
    }
    line += '\'';
  }
  return line;
}

Result<int> exec(const Options& options) {
  const auto manager = TRY(DevEnvManager::open(manager_options(options)));
  const DevEnv env = TRY(manager->get_or_build(options.request));
  const auto sandbox = TRY(container(options, env.image));
  TRY(sandbox->start());
  ExecOptions how{.timeout = options.timeout.value_or(std::chrono::nanoseconds(0))};
  if (!options.json) {
    how.keep_bytes = 0;
    how.on_stdout = [](std::string_view bytes) { return cli::write_all(STDOUT_FILENO, bytes); };
    how.on_stderr = [](std::string_view bytes) { return cli::write_all(STDERR_FILENO, bytes); };
  }
  const ExecutionResult result = TRY(sandbox->exec(command_line(options.command), how));
  if (options.json) {
    const int printed = cli::print(cordon::to_json(result) + "\n");
    return printed == 0 ? result.exit_code : printed;
  }
  if (!result.error.empty()) cli::complain("cordon env exec", result.error);
  return result.exit_code;
}

Result<int> stop(const Options& options) {
  const auto sandbox = TRY(container(options, ""));
  TRY(sandbox->stop());
  return 0;
}

Result<int> gc(const Options& options) {
  const auto manager = TRY(DevEnvManager::open(manager_options(options)));
  const DevEnvCleanup cleanup = TRY(manager->collect_garbage());
  if (options.json) {
    return print(json::object{{"projects", cleanup.projects},
                              {"images", cleanup.images},
                              {"containers", cleanup.containers}});
  }
  return cli::print(fmt::format("{} projects forgotten; {} images and {} containers removed\n",
                                cleanup.projects, cleanup.images, cleanup.containers));
}

}  // namespace

Result<int> run(const Options& options) {
  // A reader that goes away is an answer of write(2).
  std::signal(SIGPIPE, SIG_IGN);
  switch (options.verb) {
    case Verb::Build:
      return build(options);
    case Verb::Status:
      return status(options);
    case Verb::Swap:
      return swap(options);
    case Verb::Exec:
      return exec(options);
    case Verb::Stop:
      return stop(options);
    case Verb::Gc:
      return gc(options);
  }
  return 0;
}

}  // namespace cordon::env
