#include "manager/ledger.h"

#include <utility>

#include "core/try.h"
#include "manager/event_index.h"
#include "store/configuration.h"
#include "store/executions.h"
#include "store/output.h"

namespace cordon {

namespace {

using store::Database;

constexpr std::string_view kNetwork = "network_enabled";

std::unexpected<Error> expired(const ExecutionRecord& record) {
  return std::unexpected(Error{.code = ErrorCode::NotFound,
                               .operation = "read the output of execution",
                               .subject = record.id,
                               .sys_errno = 0,
                               .detail = "it has expired",
                               .remedy = {}});
}

}  // namespace

Result<void> Ledger::began(const ManagedExecution& execution) {
  if (!store_) return {};
  const ExecutionRecord record = execution.record();
  return store_->commit([&](Database& database) { return insert_execution(database, record); });
}

void Ledger::running(const SharedExecution& execution) {
  if (!store_) return;
  store_->post([execution](Database& database) -> Result<void> {
    if (execution->is_ending()) return {};
    const ExecutionRecord record = execution->record();
    TRY(insert_execution(database, record));
    return mark_running(database, record.id, record.result.start_time);
  });
}

Result<void> Ledger::ended(ManagedExecution& execution, const ExecutionResult& result) {
  if (!store_) return {};
  execution.set_ending();
  const ExecutionRecord record = execution.record_with(result);
  const std::string events = execution.log().encoded();
  return store_->keep_ended(
      {.record = record, .out = result.stdout_data, .err = result.stderr_data, .events = events});
}

Result<std::optional<ExecutionRecord>> Ledger::find(std::string_view id) const {
  constexpr std::size_t kLongestId = 64;
  if (!store_ || id.size() > kLongestId) return std::nullopt;
  return store_->read([&](Database& database) { return find_execution(database, id); });
}

Result<SharedResult> Ledger::result(ExecutionRecord record) const {
  auto output =
      TRY(store_->read([&](Database& database) { return find_output(database, record.id); }));
  auto result = std::make_shared<ExecutionResult>(std::move(record.result));
  if (output) {
    result->stdout_data = std::move(output->out);
    result->stderr_data = std::move(output->err);
  }
  return SharedResult(std::move(result));
}

Result<EventBatch> Ledger::events(const ExecutionRecord& record, std::uint64_t after,
                                  std::size_t most_bytes) const {
  const auto output =
      TRY(store_->read([&](Database& database) { return find_output(database, record.id); }));
  if (!output) return expired(record);
  const auto index = EventIndex::decode(output->events);
  if (!index) {
    return std::unexpected(Error{.code = ErrorCode::Internal,
                                 .operation = "read the events of execution",
                                 .subject = record.id,
                                 .sys_errno = 0,
                                 .detail = "what the store has is damaged",
                                 .remedy = {}});
  }
  EventBatch batch =
      index->read(after, most_bytes,
                  {.out = output->out, .err = output->err, .usage = record.result.resource_usage});
  batch.ended = !batch.more;
  return batch;
}

Result<OutputPiece> Ledger::output(const ExecutionRecord& record, Stream stream,
                                   std::uint64_t offset, std::size_t most_bytes) const {
  auto bytes = TRY(store_->read([&](Database& database) {
    return read_output(database, record.id, stream, offset, most_bytes);
  }));
  if (!bytes) return expired(record);
  const bool is_out = stream == Stream::Stdout;
  return OutputPiece{
      .bytes = std::move(*bytes),
      .offset = offset,
      .total = is_out ? record.stdout_bytes : record.stderr_bytes,
      .ended = true,
      .truncated = is_out ? record.result.stdout_truncated : record.result.stderr_truncated};
}

Result<std::vector<ExecutionRecord>> Ledger::list(const ExecutionFilter& filter,
                                                  std::string_view before, std::size_t most) const {
  if (!store_) return std::vector<ExecutionRecord>();
  return store_->read(
      [&](Database& database) { return list_executions(database, filter, before, most); });
}

Result<void> Ledger::remove(std::string_view id) {
  if (!store_) return {};
  return store_->commit([&](Database& database) -> Result<void> {
    TRY(remove_execution(database, id));
    return {};
  });
}

Result<std::uint64_t> Ledger::prune(std::chrono::nanoseconds older_than,
                                    const std::optional<std::string>& caller) {
  std::int64_t removed = 0;
  if (!store_) return 0;
  TRY(store_->commit([&](Database& database) -> Result<void> {
    removed = TRY(remove_ended_before(database, store_->now() - older_than, caller));
    return {};
  }));
  return static_cast<std::uint64_t>(removed);
}

Result<std::optional<NetworkToggle>> Ledger::network() const {
  if (!store_) return std::nullopt;
  const auto value =
      TRY(store_->read([](Database& database) { return configuration(database, kNetwork); }));
  if (!value) return std::nullopt;
  return *value == "true" ? NetworkToggle::Enabled : NetworkToggle::Disabled;
}

Result<void> Ledger::set_network(NetworkToggle toggle) {
  if (!store_) return {};
  return store_->commit([&](Database& database) {
    return set_configuration(database, kNetwork,
                             toggle == NetworkToggle::Enabled ? "true" : "false");
  });
}

void Ledger::add_to(ManagerStats& stats) const {
  if (!store_) return;
  stats.store_failures = store_->failures();
  const auto total = [this](const char* query) {
    const auto value = store_->read([&](Database& database) { return database.integer(query); });
    return static_cast<std::uint64_t>(value.value_or(0));
  };
  stats.stored_executions = total("SELECT value FROM totals WHERE name = 'executions'");
  stats.stored_output_bytes = total("SELECT value FROM totals WHERE name = 'output'");
}

}  // namespace cordon
