#include <fmt/format.h>
#include <fmt/ranges.h>
#include <sys/stat.h>

#include <algorithm>
#include <string_view>
#include <utility>

#include "cordon/select.h"
#include "cordon/wrap.h"
#include "core/try.h"
#include "doctor/host_facts.h"
#include "library/installed_program.h"
#include "policy/environment.h"
#include "policy/glob.h"

namespace cordon {

namespace {

constexpr std::string_view kWhat = "wrap the command";

std::unexpected<Error> refuse(std::string subject, std::string detail) {
  return std::unexpected(
      invalid_argument(std::string(kWhat), std::move(subject), std::move(detail)));
}

// One argument each, "--name=value": a value that begins with a dash is still a value.
class Options {
 public:
  explicit Options(const std::string& work_dir) : work_dir_(work_dir) {}

  void add(std::string_view name, std::string_view value) {
    arguments_.push_back(fmt::format("--{}={}", name, value));
  }
  void add_flag(std::string_view name) { arguments_.push_back(fmt::format("--{}", name)); }

  Result<void> add(const PathRule& rule) {
    const std::string path = rule.path.starts_with('/')
                                 ? rule.path
                                 : fmt::format("{}/{}", Glob::escape(work_dir_), rule.path);
    const Glob glob = TRY(Glob::parse(path));
    // What may be passed over when the sandbox starts is passed over now.
    struct stat status{};
    if (rule.presence == Presence::Optional && glob.literal() &&
        ::lstat(glob.literal_prefix().c_str(), &status) != 0) {
      return {};
    }
    add(to_string(rule.access), path);
    return {};
  }

  void add(const Limits& limits) {
    if (limits.memory_bytes) add("memory", fmt::format("{}", *limits.memory_bytes));
    if (limits.cpus) add("cpus", fmt::format("{}", *limits.cpus));
    if (limits.pids) add("pids", fmt::format("{}", *limits.pids));
    if (limits.disk_bytes) add("disk", fmt::format("{}", *limits.disk_bytes));
    if (limits.output_bytes) add("output-limit", fmt::format("{}", *limits.output_bytes));
    // The smallest unit that the option has.
    if (limits.timeout) {
      const auto milliseconds =
          std::chrono::floor<std::chrono::milliseconds>(*limits.timeout).count();
      add("timeout", fmt::format("{}ms", std::max<std::int64_t>(milliseconds, 1)));
    }
  }

  Result<void> add(const Policy& policy) {
    for (const PathRule& rule : policy.filesystem) TRY(add(rule));
    add("net", to_string(policy.network));
    add(policy.limits);
    if (!policy.environment.path.empty()) {
      add("env", fmt::format("PATH={}:{}", fmt::join(policy.environment.path, ":"), kDefaultPath));
    }
    for (const std::string& name : policy.environment.pass) add("pass-env", name);
    for (const auto& [name, value] : policy.environment.set) {
      add("env", fmt::format("{}={}", name, value));
    }
    add("hostname", policy.hostname);
    if (policy.uid) add("uid", fmt::format("{}", *policy.uid));
    for (const std::string& name : policy.required_guarantees) add("require", name);
    return {};
  }

  std::vector<std::string> take() { return std::move(arguments_); }

 private:
  std::string work_dir_;
  std::vector<std::string> arguments_{"run"};
};

Result<void> check(const std::vector<std::string>& command, const WrapConfig& config) {
  if (command.empty() || command.front().empty()) return refuse({}, "the command is empty");
  if (!config.work_dir.starts_with('/')) {
    return refuse(config.work_dir, "the work directory must begin with /");
  }
  if (config.level == IsolationLevel::Off) {
    return refuse("off", "a command without a sandbox needs no wrapping");
  }
  if (config.policy.nested_namespaces == NestedNamespaces::Allowed) {
    return refuse("nested_namespaces", "cordon run has no option for it");
  }
  return {};
}

Result<void> check_no_nul(const std::vector<std::string>& arguments) {
  for (const std::string& argument : arguments) {
    if (argument.find('\0') == std::string::npos) continue;
    return refuse(argument.substr(0, argument.find('\0')), "it holds a NUL byte");
  }
  return {};
}

}  // namespace

Result<WrappedCommand> wrap_command(const std::vector<std::string>& command,
                                    const WrapConfig& config) {
  TRY(check(command, config));
  const IsolationLevel level = config.level.value_or(IsolationLevel::Default);
  const auto built_in = built_in_backends();
  TRY(select_backend(level, doctor::probe_host_facts(level, built_in), built_in,
                     config.weaker_guarantees));
  Options options(config.work_dir);
  if (config.level) options.add("level", to_string(*config.level));
  if (config.weaker_guarantees == WeakerGuarantees::Accept) options.add_flag("allow-degraded");
  // The policy is the caller's: what files on this host say must not widen it.
  options.add_flag("no-policy-files");
  options.add("workdir", config.work_dir);
  TRY(options.add(config.policy));
  WrappedCommand wrapped{.program = TRY(library::installed_program(config.cordon)),
                         .arguments = options.take()};
  wrapped.arguments.emplace_back("--");
  wrapped.arguments.insert(wrapped.arguments.end(), command.begin(), command.end());
  TRY(check_no_nul(wrapped.arguments));
  return wrapped;
}

}  // namespace cordon
