// The subcommands of a few lines.
#include "client/commands.h"

#include <fmt/format.h>
#include <unistd.h>

#include <boost/json/array.hpp>
#include <boost/json/serialize.hpp>
#include <functional>
#include <iterator>

#include "cli/exit_status.h"
#include "cli/write_all.h"
#include "client/pretty_json.h"
#include "client/resolve_id.h"
#include "client/write_out.h"
#include "core/try.h"
#include "core/units.h"

namespace cordon::client {

namespace {

namespace json = boost::json;

using Action = std::function<Result<void>(Executions&, const std::string& id)>;

// Each for itself: one that fails keeps nobody from the others.
Result<int> for_each_id(std::string_view who, const ClientOptions& options, const Action& action) {
  const auto executions = TRY(connect(options.places));
  int status = 0;
  for (const std::string& given : options.ids) {
    const auto id = resolve_id(*executions, given);
    auto done = id ? action(*executions, *id) : Result<void>(std::unexpected(id.error()));
    if (done) continue;
    status = cli::kExitCannotRun;
    cli::complain(who, id ? std::move(done).error().in(*id).message() : done.error().message());
  }
  return status;
}

Result<void> remove(Executions& executions, const std::string& id, bool force) {
  auto removed = executions.remove(id);
  const bool runs = !removed && removed.error().code == ErrorCode::Conflict;
  if (!force || !runs) return removed;
  TRY(executions.kill(id));
  TRY(executions.read_output(id, Follow::UntilItEnds,
                             [](Stream, std::string_view) { return true; }));
  return executions.remove(id);
}

bool agreed() {
  cli::write_all(STDERR_FILENO, "This forgets everything that has ended. Go on? [y/N] ");
  char answer = 'n';
  return ::read(STDIN_FILENO, &answer, 1) == 1 && (answer == 'y' || answer == 'Y');
}

std::string in_words(const json::object& stats) {
  const auto number = [&](std::string_view name) {
    const json::value* const value = stats.if_contains({name.data(), name.size()});
    boost::system::error_code code;
    const auto count = value ? value->to_number<std::uint64_t>(code) : 0;
    return code ? std::uint64_t{0} : count;
  };
  std::string text;
  const auto line = [&](std::string_view name, const std::string& value) {
    fmt::format_to(std::back_inserter(text), "{:<10} {}\n", name, value);
  };
  if (stats.contains("running")) {
    line("running", fmt::format("{} of {}", number("running"), number("max_running")));
    line("waiting", fmt::format("{} of {}", number("queued"), number("max_queued")));
    for (const auto& [name, member] : {std::pair{"completed", "completed"},
                                       {"failed", "failed"},
                                       {"timed out", "timed_out"},
                                       {"killed", "killed"}}) {
      line(name, fmt::format("{}", number(member)));
    }
    line("refused", fmt::format("{} over their quota, {} for want of room", number("refused_quota"),
                                number("refused_unavailable")));
    if (number("store_failures") > 0) {
      line("lost", fmt::format("{} records could not be written", number("store_failures")));
    }
  } else {
    line("daemon", "none runs");
  }
  const auto stored = number("stored_executions");
  line("kept", fmt::format("{} execution{}, {} of output", stored, stored == 1 ? "" : "s",
                           format_size(number("stored_output_bytes"))));
  return text;
}

}  // namespace

Result<int> run_kill(const ClientOptions& options) {
  return for_each_id("cordon kill", options,
                     [](Executions& executions, const std::string& id) -> Result<void> {
                       TRY(executions.kill(id));
                       return write_out(id + "\n");
                     });
}

Result<int> run_inspect(const ClientOptions& options) {
  return for_each_id("cordon inspect", options,
                     [](Executions& executions, const std::string& id) -> Result<void> {
                       return write_out(pretty_json(TRY(executions.inspect(id))));
                     });
}

Result<int> run_rm(const ClientOptions& options) {
  return for_each_id("cordon rm", options,
                     [&](Executions& executions, const std::string& id) -> Result<void> {
                       TRY(remove(executions, id, options.force));
                       return write_out(id + "\n");
                     });
}

Result<int> run_prune(const ClientOptions& options) {
  const bool ask = !options.force && !options.older_than && ::isatty(STDIN_FILENO) == 1;
  if (ask && !agreed()) return cli::kExitCannotRun;
  const auto executions = TRY(connect(options.places));
  const std::uint64_t removed =
      TRY(executions->prune(options.older_than.value_or(std::chrono::nanoseconds(0))));
  TRY(write_out(fmt::format("{} forgotten\n", removed)));
  return 0;
}

Result<int> run_stats(const ClientOptions& options) {
  const auto executions = TRY(connect(options.places));
  const json::object stats = TRY(executions->stats());
  TRY(write_out(options.json ? json::serialize(stats) + "\n" : in_words(stats)));
  return 0;
}

}  // namespace cordon::client
