#include "store/execution_row.h"

#include <cstddef>

#include "store/lists.h"
#include "store/times.h"

namespace cordon::store {

namespace {

std::vector<Adjustment> unpack_adjustments(std::string_view list) {
  std::vector<Adjustment> adjustments;
  const auto texts = unpack(list);
  for (std::size_t i = 0; i + 2 < texts.size(); i += 3) {
    adjustments.push_back({.name = texts[i], .asked = texts[i + 1], .given = texts[i + 2]});
  }
  return adjustments;
}

constexpr std::string_view word_of(Strength strength) {
  switch (strength) {
    case Strength::Enforced:
      return "enforced";
    case Strength::Partial:
      return "partial";
    case Strength::Absent:
      break;
  }
  return "absent";
}

Strength strength_of(std::string_view word) {
  if (word == word_of(Strength::Enforced)) return Strength::Enforced;
  return word == word_of(Strength::Partial) ? Strength::Partial : Strength::Absent;
}

Guarantees unpack_guarantees(std::string_view list) {
  Guarantees guarantees;
  const auto texts = unpack(list);
  for (std::size_t i = 0; i + 3 < texts.size(); i += 4) {
    guarantees.push_back({.name = texts[i],
                          .strength = strength_of(texts[i + 1]),
                          .mechanism = texts[i + 2],
                          .reason = texts[i + 3]});
  }
  return guarantees;
}

}  // namespace

void pack_description(RowPacker& row, const ExecutionRecord& record) {
  const bool secret = record.arguments == ArgumentsKept::Secret;
  row.add_text(record.id)
      .add_text(record.caller)
      .add_text(record.command)
      .add_blob(secret ? std::string() : pack(record.args))
      .add(std::int64_t{secret})
      .add_text(record.work_dir)
      .add_text(record.trace)
      .add(nanoseconds_of(record.created))
      .add(static_cast<std::int64_t>(record.result.status))
      .add_text(record.result.backend)
      .add(static_cast<std::int64_t>(record.result.tier));
}

std::string pack_adjustments(const std::vector<Adjustment>& adjustments) {
  std::string list;
  for (const auto& one : adjustments) {
    append(list, one.name);
    append(list, one.asked);
    append(list, one.given);
  }
  return list;
}

std::string pack_guarantees(const Guarantees& guarantees) {
  std::string list;
  for (const auto& one : guarantees) {
    append(list, one.name);
    append(list, word_of(one.strength));
    append(list, one.mechanism);
    append(list, one.reason);
  }
  return list;
}

ExecutionRecord read_execution(const Statement& row) {
  int column = 0;
  const auto text = [&] { return row.text(column++); };
  const auto integer = [&] { return row.integer(column++); };
  const auto whole = [&] { return static_cast<std::uint64_t>(row.integer(column++)); };
  ExecutionRecord record;
  ExecutionResult& result = record.result;
  record.id = text();
  result.id = record.id;
  record.caller = text();
  record.command = text();
  record.args = unpack(text());
  record.arguments = integer() != 0 ? ArgumentsKept::Secret : ArgumentsKept::Yes;
  record.work_dir = text();
  record.trace = text();
  record.created = time_of(integer());
  result.status = static_cast<ExecutionStatus>(integer());
  result.backend = text();
  result.tier = static_cast<Tier>(integer());
  result.exit_code = static_cast<int>(integer());
  if (!row.is_null(column)) result.signal = static_cast<int>(row.integer(column));
  ++column;
  if (!row.is_null(column)) result.limit_hit = static_cast<LimitKind>(row.integer(column));
  ++column;
  result.stdout_truncated = integer() != 0;
  result.stderr_truncated = integer() != 0;
  record.stdout_bytes = whole();
  record.stderr_bytes = whole();
  result.start_time = time_of(integer());
  result.end_time = time_of(integer());
  result.duration = std::chrono::nanoseconds(integer());
  if (row.is_null(column)) {
    column += 4;
  } else {
    auto& usage = result.resource_usage.emplace();
    usage.cpu_time_ns = whole();
    usage.memory_peak_bytes = whole();
    usage.io_read_bytes = whole();
    usage.io_write_bytes = whole();
  }
  result.error = text();
  result.adjustments = unpack_adjustments(text());
  result.guarantees = unpack_guarantees(text());
  record.output_expired = integer() != 0;
  return record;
}

}  // namespace cordon::store
