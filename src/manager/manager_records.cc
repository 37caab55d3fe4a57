// What a Manager answers about executions: from memory while it has them, else from the store.
#include <utility>

#include "cordon/manager.h"
#include "core/try.h"
#include "manager/manager_state.h"
#include "manager/select_records.h"

namespace cordon {

namespace {

std::unexpected<Error> conflict(std::string operation, std::string_view id, std::string detail,
                                std::string remedy) {
  return std::unexpected(Error{.code = ErrorCode::Conflict,
                               .operation = std::move(operation),
                               .subject = std::string(id),
                               .sys_errno = 0,
                               .detail = std::move(detail),
                               .remedy = std::move(remedy)});
}

std::unexpected<Error> no_stdin(std::string_view id) {
  return conflict("write to the stdin of execution", id, "it has ended", {});
}

}  // namespace

Result<SharedResult> Manager::status(std::string_view id, const Caller& caller) const {
  Found found = TRY(state_->find(id, caller));
  if (found.execution) return found.execution->snapshot();
  return state_->ledger.result(std::move(found.record));
}

Result<ExecutionRecord> Manager::inspect(std::string_view id, const Caller& caller) const {
  Found found = TRY(state_->find(id, caller));
  if (found.execution) return found.execution->record();
  return std::move(found.record);
}

Result<SharedResult> Manager::wait(std::string_view id, const Caller& caller) const {
  Found found = TRY(state_->find(id, caller));
  if (found.execution) return found.execution->wait();
  return state_->ledger.result(std::move(found.record));
}

Result<void> Manager::on_finished(std::string_view id, const Caller& caller,
                                  std::function<void(const SharedResult&)> callback) const {
  Found found = TRY(state_->find(id, caller));
  if (found.execution) {
    found.execution->on_finished(std::move(callback));
  } else {
    callback(TRY(state_->ledger.result(std::move(found.record))));
  }
  return {};
}

Result<EventBatch> Manager::events(std::string_view id, const Caller& caller, std::uint64_t after,
                                   std::size_t most_bytes) const {
  const Found found = TRY(state_->find(id, caller));
  if (found.execution) return found.execution->log().read(after, most_bytes);
  return state_->ledger.events(found.record, after, most_bytes);
}

Result<Manager::Subscription> Manager::subscribe(std::string_view id, const Caller& caller,
                                                 std::function<void()> notify) const {
  const Found found = TRY(state_->find(id, caller));
  if (found.execution) return found.execution->log().subscribe(std::move(notify));
  notify();
  return std::make_shared<int>(0);
}

Result<OutputPiece> Manager::output(std::string_view id, const Caller& caller, Stream stream,
                                    std::uint64_t offset, std::size_t most_bytes) const {
  const Found found = TRY(state_->find(id, caller));
  if (found.execution) return found.execution->log().piece(stream, offset, most_bytes);
  return state_->ledger.output(found.record, stream, offset, most_bytes);
}

Result<std::size_t> Manager::write_stdin(std::string_view id, const Caller& caller,
                                         std::string_view bytes) {
  const Found found = TRY(state_->find(id, caller));
  if (!found.execution) return no_stdin(id);
  return found.execution->write_stdin(bytes);
}

Result<void> Manager::close_stdin(std::string_view id, const Caller& caller) {
  const Found found = TRY(state_->find(id, caller));
  if (!found.execution) return no_stdin(id);
  return found.execution->close_stdin();
}

Result<ExecutionList> Manager::list(const ExecutionFilter& filter, const Page& page,
                                    const Caller& caller) const {
  TRY(check(filter, page));
  const ExecutionFilter mine = restricted(filter, caller);
  // First what lives: what ends meanwhile is then found in the store.
  const auto executions =
      state_->ledger.keeps() ? state_->executions.living() : state_->executions.all();
  std::vector<ExecutionRecord> here;
  for (const SharedExecution& execution : executions) {
    if (!page.before.empty() && execution->id() >= page.before) continue;
    if (!execution->visible_to(caller)) continue;
    if (auto record = execution->record(); matches(mine, record)) here.push_back(std::move(record));
  }
  auto stored = TRY(state_->ledger.list(mine, page.before, page.size + 1));
  return merge(std::move(here), std::move(stored), page);
}

Result<void> Manager::remove(std::string_view id, const Caller& caller) {
  const Found found = TRY(state_->find(id, caller));
  if (found.execution && !found.execution->ended()) {
    return conflict("remove the execution", id, "it has not ended", "kill it first");
  }
  TRY(state_->ledger.remove(id));
  state_->executions.remove(id);
  return {};
}

Result<std::uint64_t> Manager::prune(std::chrono::nanoseconds older_than, const Caller& caller) {
  const ExecutionFilter mine = restricted({}, caller);
  std::uint64_t pruned = TRY(state_->ledger.prune(older_than, mine.caller));
  const auto limit = std::chrono::system_clock::now() - older_than;
  for (const SharedExecution& execution : state_->executions.all()) {
    if (!execution->ended() || !execution->visible_to(caller) ||
        execution->snapshot()->end_time > limit)
      continue;
    state_->executions.remove(execution->id());
    if (!state_->ledger.keeps()) ++pruned;
  }
  return pruned;
}

}  // namespace cordon
