#include "cli/run_option_table.h"

#include <array>

namespace cordon::cli {

namespace {

constexpr int id(RunOption option) { return static_cast<int>(option); }

constexpr std::string_view kPolicy = "Policy";
constexpr std::string_view kWhere = "Where it runs";
constexpr std::string_view kFiles = "Files";
constexpr std::string_view kNetwork = "Network";
constexpr std::string_view kEnvironment = "Environment";
constexpr std::string_view kLimits = "Limits";
constexpr std::string_view kStreams = "Streams";
constexpr std::string_view kReport = "Report";

constexpr std::array kTable = {
    OptionSpec{id(RunOption::Preset), "preset", "NAME", kPolicy,
               "What to start from: strict (the work directory is read-only), workspace, or off "
               "(files and network as you have them).",
               "workspace"},
    OptionSpec{id(RunOption::Pack), "pack", "NAME", kPolicy,
               "What a tool needs besides: git, node, python, rust, go, java, cpp, gpu, ssh-agent, "
               "x11. Its caches are shared, its tokens are not. Repeatable.",
               ""},
    OptionSpec{id(RunOption::Policy), "policy", "FILE", kPolicy,
               "A policy in TOML, or in JSON if its name ends in .json. It comes after the "
               "system's and yours, and before the options "
               "here.",
               ""},
    OptionSpec{id(RunOption::NoProjectPolicy), "no-project-policy", "", kPolicy,
               "Leave the .cordon.toml of the work directory aside. It can only take rights away.",
               "obey it"},
    OptionSpec{id(RunOption::NoPolicyFiles), "no-policy-files", "", kPolicy,
               "Read no policy but that of --policy: neither the system's nor yours nor the "
               "project's.",
               "read them"},
    OptionSpec{id(RunOption::Require), "require", "NAME", kPolicy,
               "Run nothing where this guarantee is not enforced, such as network.egress. "
               "Repeatable.",
               ""},

    OptionSpec{id(RunOption::Tier), "tier", "TIER", kWhere,
               "How strong the wall is: light, gvisor, container or strong. A tier that this build "
               "or this host does not have is refused.",
               "light"},
    OptionSpec{
        id(RunOption::Backend), "backend", "NAME", kWhere,
        "The implementation to use, by its name: native, gvisor, docker, lxc or gvisor-docker.",
        "chosen by tier"},
    OptionSpec{id(RunOption::Level), "level", "LEVEL", kWhere,
               "What to ask for instead of a tier: default, enhanced, container or maximum. What "
               "runs is never weaker than the level. The level off is refused: leave cordon away.",
               "default"},
    OptionSpec{id(RunOption::Image), "image", "IMAGE", kWhere,
               "The image of the container engine to start from, in place of this system's files; "
               "with --tier strong, of LXD or Incus. "
               "It means --tier container.",
               ""},
    OptionSpec{
        id(RunOption::Pull), "pull", "WHEN", kWhere,
        "Whether the image is fetched from its registry first: missing, when the engine does "
        "not have it; always, for a newer one; never.",
        "never"},
    OptionSpec{id(RunOption::Hostname), "hostname", "NAME", kWhere, "The host name it sees.",
               "sandbox"},
    OptionSpec{id(RunOption::Uid), "uid", "N", kWhere, "The user id it sees.", "yours"},
    OptionSpec{id(RunOption::AllowDegraded), "allow-degraded", "", kWhere,
               "Run even where this host cannot enforce everything. What is missing is reported "
               "(--report, --json).",
               "refuse"},

    OptionSpec{id(RunOption::Workdir), "workdir", "DIR", kFiles,
               "The directory it works in, writable. Not /, and not a system directory.",
               "the current directory"},
    OptionSpec{id(RunOption::Read), "read", "PATH", kFiles,
               "Show this file or directory, read-only. Repeatable.", ""},
    OptionSpec{id(RunOption::Write), "write", "PATH", kFiles,
               "Show this file or directory, writable. Repeatable.", ""},
    OptionSpec{id(RunOption::Protect), "protect", "PATH", kFiles,
               "Keep this path from being changed, replaced or made. Repeatable.", ""},
    OptionSpec{id(RunOption::Deny), "deny", "PATH", kFiles,
               "Refuse every access to this path: permission denied. Repeatable.", ""},
    OptionSpec{id(RunOption::Hide), "hide", "PATH", kFiles,
               "Let this path look like an empty file or directory. Repeatable.", ""},

    OptionSpec{id(RunOption::Net), "net", "MODE", kNetwork,
               "none: only a loopback interface of its own. open: the network as you have it, "
               "unfiltered.",
               "none"},

    OptionSpec{id(RunOption::Env), "env", "NAME=VALUE", kEnvironment, "Set a variable. Repeatable.",
               ""},
    OptionSpec{id(RunOption::PassEnv), "pass-env", "NAME", kEnvironment,
               "Pass on a variable of yours, if you have it. Repeatable.", ""},

    OptionSpec{id(RunOption::Timeout), "timeout", "DURATION", kLimits,
               "End everything after this long: 500ms, 30s, 5m, 1h30m.", "none"},
    OptionSpec{id(RunOption::Memory), "memory", "SIZE", kLimits,
               "Memory and swap of all its processes together: 512M, 1.5G.",
               "half of the machine's memory"},
    OptionSpec{id(RunOption::Cpus), "cpus", "N", kLimits,
               "Processor time, in processors: 0.5 is half of one.", "all"},
    OptionSpec{id(RunOption::Pids), "pids", "N", kLimits, "Processes and threads.", "1024"},
    OptionSpec{id(RunOption::Disk), "disk", "SIZE", kLimits,
               "Its private directories together, and any one file that it writes elsewhere.",
               "2G, or a quarter of the machine's memory where that is less"},
    OptionSpec{id(RunOption::OutputLimit), "output-limit", "SIZE", kLimits,
               "Standard output and standard error, each. What comes after is dropped.",
               "none; 8M with --json"},

    OptionSpec{id(RunOption::Stdin), "stdin", "FILE", kStreams,
               "Where its input comes from; - is cordon's own standard input.", "-"},
    OptionSpec{id(RunOption::Tty), "tty", "", kStreams,
               "Give it a terminal of its own, joined to yours: job control, colours, resizing.",
               "pipes"},

    OptionSpec{id(RunOption::Json), "json", "", kReport,
               "Print the result as one JSON object on standard output instead of the streams: "
               "output, exit code, usage, guarantees. Of a run that is refused, too: then with "
               "the status failed and what was wrong as error.",
               ""},
    OptionSpec{id(RunOption::Report), "report", "FILE", kReport,
               "Write what was enforced, and what was not, to a file, as JSON.", ""},
    OptionSpec{id(RunOption::DryRun), "dry-run", "", kReport,
               "Print the compiled plan, step by step, and run nothing.", ""},
    OptionSpec{id(RunOption::Help), "help", "", kReport, "Print this page.", ""},
};

}  // namespace

std::span<const OptionSpec> run_option_table() { return kTable; }

}  // namespace cordon::cli
