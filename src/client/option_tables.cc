#include "client/option_tables.h"

#include <array>

namespace cordon::client {

namespace {

using cli::OptionSpec;

constexpr OptionSpec option(ClientOption id, std::string_view name, std::string_view value,
                            std::string_view group, std::string_view help,
                            std::string_view initial = "", std::string_view letter = "") {
  return {static_cast<int>(id), name, value, group, help, initial, letter};
}

constexpr std::string_view kWhich = "Which";
constexpr std::string_view kHow = "How";
constexpr std::string_view kWhere = "Where";

constexpr OptionSpec kSocket = option(ClientOption::Socket, "socket", "PATH", kWhere,
                                      "Where the daemon listens.", "as cordon serve has it");
constexpr OptionSpec kStateDir =
    option(ClientOption::StateDir, "state-dir", "DIR", kWhere, "What to read when no daemon runs.",
           "as cordon serve has it");
constexpr OptionSpec kHelp = option(ClientOption::Help, "help", "", kWhere, "Print this page.");

constexpr std::array kPs = {
    option(ClientOption::All, "all", "", kWhich, "Those that have ended, too.", "", "a"),
    option(ClientOption::Status, "status", "STATUS", kWhich,
           "Those that are pending, running, completed, failed, timeout or killed; several with "
           "commas.",
           "pending,running"),
    option(ClientOption::Backend, "backend", "NAME", kWhich, "Those of this backend."),
    option(ClientOption::Command, "command", "TEXT", kWhich, "Those whose command contains TEXT."),
    option(ClientOption::Caller, "caller", "NAME", kWhich,
           "Those of this caller: uid:1000, or key:ci. Others than administrators see their own."),
    option(ClientOption::Since, "since", "DURATION", kWhich,
           "Those that were begun no longer ago: 90s, 2h."),
    option(ClientOption::Last, "last", "N", kWhich, "The newest N at most.", "", "n"),
    option(ClientOption::Quiet, "quiet", "", kHow, "Ids and nothing else, whole.", "", "q"),
    option(ClientOption::NoTrunc, "no-trunc", "", kHow, "Whole ids and commands."),
    option(ClientOption::Json, "json", "", kHow, "One JSON array, as the API has them."),
    kSocket,
    kStateDir,
    kHelp,
};

constexpr std::array kLogs = {
    option(ClientOption::Follow, "follow", "", kHow, "Go on until it ends.", "", "f"),
    option(ClientOption::Stream, "stream", "NAME", kHow, "stdout or stderr alone.", "both"),
    kSocket,
    kStateDir,
    kHelp,
};

constexpr std::array kPlain = {kSocket, kStateDir, kHelp};

constexpr std::array kRm = {
    option(ClientOption::Force, "force", "", kHow, "Kill what still runs, first.", "", "f"),
    kSocket,
    kStateDir,
    kHelp,
};

constexpr std::array kPrune = {
    option(ClientOption::OlderThan, "older-than", "DURATION", kWhich,
           "Those that ended longer ago: 24h, 7d.", "all that have ended"),
    option(ClientOption::Force, "force", "", kHow, "Do not ask.", "", "f"),
    kSocket,
    kStateDir,
    kHelp,
};

constexpr std::array kStats = {
    option(ClientOption::Json, "json", "", kHow, "One JSON object, as the API has it."),
    kSocket,
    kStateDir,
    kHelp,
};

}  // namespace

std::span<const OptionSpec> ps_options() { return kPs; }
std::span<const OptionSpec> logs_options() { return kLogs; }
std::span<const OptionSpec> kill_options() { return kPlain; }
std::span<const OptionSpec> inspect_options() { return kPlain; }
std::span<const OptionSpec> rm_options() { return kRm; }
std::span<const OptionSpec> prune_options() { return kPrune; }
std::span<const OptionSpec> stats_options() { return kStats; }

}  // namespace cordon::client
