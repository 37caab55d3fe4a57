// What a Manager writes down, and looks up once it has forgotten it itself.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "cordon/manager.h"
#include "manager/managed_execution.h"
#include "store/store.h"

namespace cordon {

// Thread-safe. Without a store it writes nothing and knows nothing.
class Ledger {
 public:
  explicit Ledger(std::shared_ptr<store::Store> store) : store_(std::move(store)) {}

  bool keeps() const { return store_ != nullptr; }

  // Before the id is told to anybody. Errors: it cannot be written.
  Result<void> began(const ManagedExecution& execution);
  // Soon, unless the end comes first: one write less for a short command that nobody has heard of.
  void running(const SharedExecution& execution);
  // Before the result is told to anybody.
  Result<void> ended(ManagedExecution& execution, const ExecutionResult& result);

  Result<std::optional<ExecutionRecord>> find(std::string_view id) const;
  // With its output, if that is still there.
  Result<SharedResult> result(ExecutionRecord record) const;
  Result<EventBatch> events(const ExecutionRecord& record, std::uint64_t after,
                            std::size_t most_bytes) const;
  Result<OutputPiece> output(const ExecutionRecord& record, Stream stream, std::uint64_t offset,
                             std::size_t most_bytes) const;
  Result<std::vector<ExecutionRecord>> list(const ExecutionFilter& filter, std::string_view before,
                                            std::size_t most) const;

  Result<void> remove(std::string_view id);
  Result<std::uint64_t> prune(std::chrono::nanoseconds older_than,
                              const std::optional<std::string>& caller);

  Result<std::optional<NetworkToggle>> network() const;
  Result<void> set_network(NetworkToggle toggle);

  void add_to(ManagerStats& stats) const;

 private:
  std::shared_ptr<store::Store> store_;
};

}  // namespace cordon
