#include "client/pages.h"

#include "client/option_tables.h"

namespace cordon::client {

namespace {

constexpr std::string_view kStatus =
    "Exit status:\n"
    "  0    done\n"
    "  125  cordon could not do all that was asked; it says what and why";

}  // namespace

cli::Page ps_page() {
  return {
      .usage = "usage: cordon ps [OPTION...]",
      .about =
          "Lists what cordon serve runs, and with --all what it ran, newest first. Of\n"
          "commands, what a terminal would obey is escaped; on a terminal, lines are cut.\n"
          "When no daemon runs, it reads what one left in its state directory.",
      .options = ps_options(),
      .closing =
          "Examples:\n"
          "  cordon ps\n"
          "  cordon ps --all --since 2h --status failed,timeout\n"
          "  cordon kill $(cordon ps --quiet)\n"
          "  cordon ps --all --json | jq -r '.[].command'",
  };
}

cli::Page logs_page() {
  return {
      .usage = "usage: cordon logs [OPTION...] ID",
      .about =
          "Prints what an execution wrote: its standard output there, its standard error\n"
          "there, byte for byte, as far as it is kept. On a terminal that is as raw as in a\n"
          "pipe: a command that nobody vouches for can drive your terminal, and\n"
          "cordon logs ID | less shows it safely. ID may be the beginning of one.",
      .options = logs_options(),
      .closing =
          "Examples:\n"
          "  cordon logs --follow 0199\n"
          "  cordon logs --stream stderr 0199 > errors",
  };
}

cli::Page kill_page() {
  return {
      .usage = "usage: cordon kill [OPTION...] ID...",
      .about =
          "Ends executions, with everything that they started, and prints their ids. One\n"
          "that has ended stays as it is. ID may be the beginning of one.",
      .options = kill_options(),
      .closing = kStatus,
  };
}

cli::Page inspect_page() {
  return {
      .usage = "usage: cordon inspect [OPTION...] ID...",
      .about =
          "Prints all that is known of executions but their output, as JSON: what was run\n"
          "for whom, what came of it, what was really enforced. ID may be the beginning\n"
          "of one.",
      .options = inspect_options(),
      .closing =
          "Example:\n"
          "  cordon inspect 0199 | jq .resource_usage.memory_peak_bytes",
  };
}

cli::Page rm_page() {
  return {
      .usage = "usage: cordon rm [OPTION...] ID...",
      .about =
          "Forgets executions that have ended, with their output, and prints their ids. ID\n"
          "may be the beginning of one.",
      .options = rm_options(),
      .closing = kStatus,
  };
}

cli::Page prune_page() {
  return {
      .usage = "usage: cordon prune [OPTION...]",
      .about =
          "Forgets executions that have ended, with their output, and says how many. On a\n"
          "terminal it asks first, unless --older-than or --force is given. The daemon\n"
          "forgets by itself what is older than its --record-lifetime.",
      .options = prune_options(),
      .closing =
          "Example:\n"
          "  cordon prune --older-than 7d",
  };
}

cli::Page stats_page() {
  return {
      .usage = "usage: cordon stats [OPTION...]",
      .about =
          "Prints the numbers of the daemon: what runs and waits, what came of what it ran\n"
          "since it began, and what is kept. When none runs, what is kept.",
      .options = stats_options(),
      .closing =
          "Example:\n"
          "  cordon stats --json",
  };
}

}  // namespace cordon::client
