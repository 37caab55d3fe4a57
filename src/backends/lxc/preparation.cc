#include "lxc/preparation.h"

#include <fmt/format.h>
#include <unistd.h>

#include "core/try.h"
#include "native/never_shown.h"
#include "native/unheld_names.h"
#include "policy/environment.h"

namespace cordon::lxc {

namespace {

// Where the policy bounds nothing.
constexpr std::uint64_t kDefaultScratch = 2ULL << 30;

std::string describe_step(const FileStep& step, const Preparation& preparation) {
  const Inside& inside = preparation.inside;
  switch (step.kind) {
    case FileStep::Kind::ShowReadOnly:
      return fmt::format("show {} read-only", step.path);
    case FileStep::Kind::ShowWritable:
      return fmt::format("show {} writable", step.path);
    case FileStep::Kind::Scratch:
      return fmt::format(
          "put a tmpfs at {} ({})", step.path,
          scratch_options(preparation.files, step.path, inside.identity, inside.disk_bytes));
    case FileStep::Kind::Deny:
      return fmt::format("refuse {}", step.path);
    case FileStep::Kind::Hide:
      break;
  }
  return fmt::format("let {} read as empty", step.path);
}

}  // namespace

Result<Preparation> prepare(const SandboxSpec& spec, const std::string& store) {
  TRY(native::refuse_whole_host(spec.policy, spec.work_dir));
  Preparation made{.caller = native::current_caller(),
                   .rules = {},
                   .files = {},
                   .inside = {},
                   .program = TRY(find_program_inside())};
  made.rules = TRY(native::resolve_rules(spec.policy, spec.work_dir, made.caller));
  made.files = TRY(files_of(made.rules, store));
  TRY(native::refuse_unheld(made.files.unheld, spec.weaker_guarantees, "an instance"));
  Inside& inside = made.inside;
  inside.identity = TRY(docker::choose_identity(spec.policy.uid, made.caller,
                                                TRY(docker::owner_of(made.rules.work_dir))));
  inside.hostname = spec.policy.hostname;
  inside.directory = made.rules.work_dir;
  inside.disk_bytes = spec.policy.limits.disk_bytes.value_or(kDefaultScratch);
  inside.largest_file = spec.policy.limits.disk_bytes;
  return made;
}

Result<std::vector<std::string>> environment_of(const SandboxSpec& spec,
                                                const Preparation& preparation) {
  return build_environment(
      spec.policy.environment,
      {preparation.caller.home(), fmt::format("{}", preparation.inside.identity.uid),
       preparation.rules.work_dir},
      environ);
}

std::vector<std::string> describe_inside(const Preparation& preparation, const ProcessSpec& spec) {
  std::vector<std::string> lines = {
      fmt::format("user {}, no capabilities, no_new_privs, seccomp, read-only root",
                  preparation.inside.identity.text())};
  for (const FileStep& step : preparation.files.steps) {
    lines.push_back(describe_step(step, preparation));
  }
  lines.push_back(fmt::format("run {} in {}", spec.command, preparation.inside.directory));
  return lines;
}

}  // namespace cordon::lxc
