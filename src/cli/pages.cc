// The prose of the help pages. Options come from their tables.
#include "cli/doctor_options.h"
#include "cli/explain.h"
#include "cli/help.h"
#include "cli/learn.h"
#include "cli/policy.h"
#include "cli/run_option_table.h"

namespace cordon::cli {

Page run_page() {
  return {
      .usage = "usage: cordon run [OPTION...] [--] COMMAND [ARGUMENT...]",
      .about =
          "Runs COMMAND in a sandbox that ends with it. It sees the system's programs and\n"
          "libraries read-only, its work directory, and empty /tmp and home directories\n"
          "that vanish with it. It has no network, no privileges, and an environment that\n"
          "is built from nothing. Its streams pass through live, and a signal to cordon is\n"
          "a signal to the command.\n"
          "\n"
          "The first word that is not an option is the command; everything after it is the\n"
          "command's own. Of path rules the one with the longest path wins, in whatever\n"
          "order they stand. Of an option that is given twice, the last one counts unless\n"
          "it is repeatable.",
      .options = run_option_table(),
      .closing =
          "Examples:\n"
          "  Build a project that you have not read:\n"
          "    cordon run -- make\n"
          "  Run a script with half a gigabyte, for at most half a minute:\n"
          "    cordon run --memory 512M --timeout 30s -- python3 script.py\n"
          "  Let a package manager share your cache, and look at what that opens:\n"
          "    cordon run --pack node --net open -- npm ci\n"
          "    cordon policy show --pack node\n"
          "  Let it read a data set, and keep it away from one file of this directory:\n"
          "    cordon run --read /srv/data --deny .env -- ./analyse /srv/data\n"
          "  A shell to look around in, with the network:\n"
          "    cordon run --tty --net open -- bash\n"
          "  For a program that reads the result:\n"
          "    cordon run --json --pids 64 -- ./tests.sh < input.txt\n"
          "\n"
          "Exit status:\n"
          "  The command's own, and 128 + the number of the signal that ended it.\n"
          "  124  it reached its time limit\n"
          "  125  cordon could not do what was asked; it says what and why\n"
          "  126  the command is there, but cannot be executed\n"
          "  127  there is no such command in the sandbox",
  };
}

Page policy_page() {
  return {
      .usage =
          "usage: cordon policy show [--all] [--json] [OPTION OF RUN...]\n"
          "       cordon policy check [--workdir DIR] FILE\n"
          "       cordon policy schema",
      .about =
          "What a run may do is stated in layers: a preset, packs, /etc/cordon/policy.toml,\n"
          "~/.config/cordon/policy.toml, --policy FILE, the options of cordon run, and last\n"
          "the .cordon.toml of the work directory. Later ones have the last word; the last\n"
          "one, which anybody may have put there, can only take rights away.\n"
          "\n"
          "  show    the policy that comes of it, and where each part was stated\n"
          "  check   what is wrong in a file, as FILE:LINE:COLUMN\n"
          "  schema  all that a policy can say, as a JSON Schema for editors\n"
          "\n"
          "Each has a page of its own: cordon policy show --help.",
      .options = policy_option_table(),
      .closing =
          "Examples:\n"
          "  cordon policy show --preset strict --pack git\n"
          "  cordon policy show --json --workdir project\n"
          "  cordon policy check .cordon.toml\n"
          "\n"
          "Exit status:\n"
          "  0    done, and of check: nothing is wrong\n"
          "  125  a policy is wrong, or cordon could not do what was asked",
  };
}

Page explain_page() {
  return {
      .usage = "usage: cordon explain [OPTION...] [OPTION OF RUN...] [--] COMMAND [ARGUMENT...]",
      .about =
          "Runs COMMAND as cordon run does, behind the same walls, looks on, and says at\n"
          "the end what the policy refused: the path or address, who tried, which rule\n"
          "refused and where that was stated, and the smallest rule that would allow it.\n"
          "A command that is looked at runs several times slower, and cannot be debugged.\n"
          "\n"
          "It takes the options of cordon run, but for --dry-run; --json and --report are\n"
          "about the report of what was refused.",
      .options = explain_option_table(),
      .closing =
          "Examples:\n"
          "  cordon explain -- ./configure\n"
          "  cordon explain --pack python --toml -- python3 train.py\n"
          "  cordon explain --json --report refused.json -- make\n"
          "\n"
          "Exit status: as that of cordon run.",
  };
}

Page learn_page() {
  return {
      .usage = "usage: cordon learn -o FILE [OPTION OF RUN...] [--] COMMAND [ARGUMENT...]",
      .about =
          "Runs COMMAND as cordon run does, behind the same walls and the same policy,\n"
          "looks on, and writes the least policy that this run needed, with who needed\n"
          "what: the rules that it used, and those that would have allowed what was\n"
          "refused. Nothing is opened to find that out. A command that stops at its first\n"
          "refusal must be learned from again, with the policy of the last time:\n"
          "--policy FILE; or, where you would let it read your files, with a wider one:\n"
          "--preset off. What would give away keys and tokens, the home directory or the\n"
          "whole network is left out, and named in a comment. Read the file before you\n"
          "use it.\n"
          "\n"
          "It takes the options of cordon run, but for --dry-run, --json and --report.",
      .options = learn_option_table(),
      .closing =
          "Examples:\n"
          "  cordon learn -o build.toml -- make\n"
          "  cordon policy check build.toml\n"
          "  cordon run --policy build.toml -- make\n"
          "\n"
          "Exit status: as that of cordon run.",
  };
}

Page policy_show_page() {
  return {
      .usage = "usage: cordon policy show [--all] [--json] [OPTION OF RUN...]",
      .about =
          "Prints the policy that cordon run would apply with the same options, here: each\n"
          "line with the place where it was stated, which is a file, an option, or a line\n"
          "of a preset or pack. What it prints is itself a policy file. It takes every\n"
          "option of cordon run; nothing is run.",
      .options = policy_show_option_table(),
      .closing =
          "Examples:\n"
          "  cordon policy show --preset strict --pack git\n"
          "  cordon policy show --all | less\n"
          "  cordon policy show --json --workdir project",
  };
}

Page policy_check_page() {
  return {
      .usage = "usage: cordon policy check [--workdir DIR] FILE",
      .about =
          "Says what is wrong in a policy, as FILE:LINE:COLUMN: what cordon run --policy\n"
          "FILE would refuse here, and nothing else. A path that must be there and is not\n"
          "is an error, as it is for the run. A file called .cordon.toml is checked as a\n"
          "project's, which can only take rights away; /etc/cordon/policy.toml as the\n"
          "system's, whose paths are absolute; and yours as yours. The name of a JSON file\n"
          "ends in .json.",
      .options = policy_check_option_table(),
      .closing =
          "Examples:\n"
          "  cordon policy check .cordon.toml\n"
          "  cordon policy check --workdir /srv/project policy.toml\n"
          "\n"
          "Exit status:\n"
          "  0    cordon run would take it\n"
          "  125  it would not",
  };
}

Page policy_schema_page() {
  return {
      .usage = "usage: cordon policy schema",
      .about =
          "Prints a JSON Schema (2020-12) of all that a policy can say, in TOML and in\n"
          "JSON: editors complete and check with it.",
      .options = policy_option_table(),
      .closing =
          "Example:\n"
          "  cordon policy schema > policy.schema.json",
  };
}

Page doctor_page() {
  return {
      .usage = "usage: cordon doctor [OPTION...]",
      .about =
          "Looks at this host and says which isolation tiers and guarantees work, what does\n"
          "not, and the one command that unlocks it. It changes nothing.",
      .options = doctor_option_table(),
      .closing =
          "Examples:\n"
          "  cordon doctor\n"
          "  cordon doctor --json\n"
          "\n"
          "Exit status:\n"
          "  0    the light tier works, with every guarantee\n"
          "  1    it works with weaker guarantees\n"
          "  2    nothing works\n"
          "  125  cordon could not do what was asked",
  };
}

Page main_page() {
  return {
      .usage =
          "usage: cordon run [OPTION...] [--] COMMAND [ARGUMENT...]\n"
          "       cordon job [OPTION...] [--] COMMAND [ARGUMENT...]\n"
          "       cordon explain [OPTION...] [--] COMMAND [ARGUMENT...]\n"
          "       cordon learn -o FILE [OPTION...] [--] COMMAND [ARGUMENT...]\n"
          "       cordon policy show|check|schema\n"
          "       cordon doctor [--json]\n"
          "       cordon env build|status|swap|exec|stop|gc [OPTION...]\n"
          "       cordon serve [OPTION...]\n"
          "       cordon keys add|list|revoke\n"
          "       cordon ps|prune|stats [OPTION...]\n"
          "       cordon logs|kill|inspect|rm [OPTION...] ID...\n"
          "       cordon help [SUBCOMMAND]\n"
          "       cordon --version",
      .about =
          "Cordon runs code that nobody vouches for: a command, a script, a build, a coding\n"
          "agent. You say what it may do; cordon starts it in a sandbox within a few\n"
          "milliseconds, ends it with everything that it started, and reports what was\n"
          "really enforced. It never runs something less isolated than was asked: it\n"
          "refuses, and says why.\n"
          "\n"
          "  run      run one command in a sandbox that ends with it\n"
          "  job      files in, one command over them in a sandbox, files out\n"
          "  explain  run one command, and say what the policy refused\n"
          "  learn    run one command, and write the policy that it needs\n"
          "  policy   what a run may do, and who said so\n"
          "  doctor   what this host can enforce, what not, and what would unlock it\n"
          "  env      an image for each project, and a container that stays\n"
          "  serve    the same for others, over HTTP\n"
          "  keys     who may use that over TCP\n"
          "  ps       what it runs, and what it ran\n"
          "  logs     what one of those wrote; live, too\n"
          "  kill     end them\n"
          "  inspect  all that is known of them\n"
          "  rm       forget them; prune forgets all that have ended\n"
          "  stats    numbers\n"
          "  help     the page of a subcommand; the same as cordon SUBCOMMAND --help",
      .options = {},
      .closing =
          "Examples:\n"
          "  cordon run -- make                       it can read the system and write here\n"
          "  cordon run --timeout 30s -- ./script     and ends after half a minute\n"
          "  cordon run --dry-run -- ./script         the plan, without running it\n"
          "  cordon run --json -- ./script            the result as JSON\n"
          "  cordon doctor                            whether this host can do all that\n"
          "\n"
          "Exit status: the command's own; 125 when cordon could not do what was asked. See\n"
          "cordon help run.",
  };
}

}  // namespace cordon::cli
