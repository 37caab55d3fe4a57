// An ExecutionRecord as a row of its table.
#pragma once

#include <string>

#include "cordon/execution_record.h"
#include "store/database.h"
#include "store/packed_row.h"

namespace cordon::store {

// The columns that read_execution() expects, of "executions AS e LEFT JOIN guarantees AS g".
#define CORDON_EXECUTION_COLUMNS                                                          \
  "e.id, e.caller, e.command, e.args, e.args_secret, e.work_dir, e.trace, e.created, "    \
  "e.status, e.backend, e.tier, e.exit_code, e.signal, e.limit_hit, e.stdout_truncated, " \
  "e.stderr_truncated, e.stdout_bytes, e.stderr_bytes, e.started, e.ended, e.duration, "  \
  "e.cpu_time, e.memory_peak, e.io_read, e.io_write, e.error, e.adjustments, g.text, "    \
  "NOT EXISTS (SELECT 1 FROM output AS o WHERE o.execution = e.id) "

ExecutionRecord read_execution(const Statement& row);

// The first columns, in the order of the table.
constexpr int kDescriptionColumns = 11;
void pack_description(RowPacker& row, const ExecutionRecord& record);

std::string pack_adjustments(const std::vector<Adjustment>& adjustments);
std::string pack_guarantees(const Guarantees& guarantees);

}  // namespace cordon::store
