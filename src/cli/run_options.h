// From the command line of `cordon run` to values.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "cordon/backend.h"
#include "cordon/error.h"
#include "cordon/execution.h"
#include "cordon/load_policy.h"
#include "cordon/policy.h"
#include "cordon/tier.h"
#include "policy/load_policy.h"

namespace cordon::cli {

enum class RunAction { Run, PrintPlan, PrintHelp };
enum class RunOutput { Live, Json };
enum class RunStreams { Pipes, Terminal };

struct RunOptions {
  RunAction action = RunAction::Run;
  std::string command;
  std::vector<std::string> args;
  std::string work_dir;     // absolute
  PolicyDocument request;   // what it says of the policy; its paths are absolute
  std::string policy_file;  // absolute; empty: none
  ProjectPolicy project_policy = ProjectPolicy::Obey;
  PolicyFiles policy_files = PolicyFiles::All;
  std::optional<IsolationLevel> level;  // never Off, and not together with a tier or a backend
  std::optional<Tier> tier;
  std::string backend;  // empty: chosen by tier or level
  std::string image;    // empty: none
  PullPolicy pull = PullPolicy::Never;
  WeakerGuarantees weaker_guarantees = WeakerGuarantees::Refuse;
  std::string stdin_path = "-";
  RunStreams streams = RunStreams::Pipes;
  RunOutput output = RunOutput::Live;
  std::string report_path;  // empty: none
};

// What the command line leaves open.
struct RunDefaults {
  std::string current_directory;  // empty when it cannot be told
};

enum class CommandWanted {
  Yes,
  No,  // `cordon policy show` takes the options and runs nothing
};

// `arguments` are those after `run`. Errors: one line that names the option, what was given and
// what is allowed. Whether paths exist is for the backend to say.
Result<RunOptions> parse_run_options(std::span<char* const> arguments, RunDefaults defaults,
                                     CommandWanted wanted = CommandWanted::Yes);

}  // namespace cordon::cli
