#include "policy/merge_limits.h"

#include <fmt/format.h>

#include <chrono>
#include <utility>

#include "core/units.h"

namespace cordon {

namespace {

constexpr int kFirst = static_cast<int>(Key::Memory);
constexpr int kFirstMost = static_cast<int>(Key::MaxMemory);

bool is_most(Key key) { return static_cast<int>(key) >= kFirstMost; }

bool above(const PolicyEntry& left, const PolicyEntry& right) {
  return left.number > right.number || left.cores > right.cores;
}

std::string words(const PolicyEntry& entry) {
  switch (spec_of(entry.key).type) {
    case KeyType::Size:
      return format_size(entry.number);
    case KeyType::Duration:
      return format_duration(std::chrono::nanoseconds(entry.number));
    case KeyType::Cores:
      return fmt::format("{}", entry.cores);
    default:
      return fmt::format("{}", entry.number);
  }
}

}  // namespace

LimitMerger::Limit& LimitMerger::limit_of(Key key) {
  const int index = static_cast<int>(key) - (is_most(key) ? kFirstMost : kFirst);
  return limits_[static_cast<std::size_t>(index)];
}

Result<void> LimitMerger::apply(Layer layer, const PolicyDocument& document,
                                const PolicyEntry& entry) {
  Limit& limit = limit_of(entry.key);
  std::optional<Stated>& stated = is_most(entry.key) ? limit.most : limit.value;
  const bool raises = stated && above(entry, stated->entry);
  if (layer == Layer::CommandLine && !is_most(entry.key) && !limit.of_files) {
    limit.of_files = limit.value;
  }
  if (layer == Layer::Project && raises) {
    // Neither one run with less than usual nor a smaller machine is a reason to complain.
    const std::optional<Stated>& usual =
        stated->layer == Layer::CommandLine ? limit.of_files : stated;
    if (!usual || usual->layer == Layer::Default || !above(entry, usual->entry)) return {};
    return refuse_entry(document, entry,
                        fmt::format("{} is above the {} of {}; a project's own file can only lower "
                                    "a limit",
                                    words(entry), words(stated->entry), stated->origin));
  }
  // Of two maxima the lower one holds, whoever stated it.
  if (is_most(entry.key) && raises) return {};
  stated =
      Stated{entry, layer, origin_of(document, entry), place_of(document.source, entry.position),
             std::string(document.source.empty() ? "" : spec_of(entry.key).name)};
  return {};
}

Result<Limits> LimitMerger::finish() {
  for (auto& [value, of_files, most] : limits_) {
    if (!most || (value && !above(value->entry, most->entry))) continue;
    if (value && value->layer > most->layer) {
      return std::unexpected(
          invalid_argument(value->place, std::string(spec_of(value->entry.key).name),
                           fmt::format("{} is above the maximum, {}, of {}", words(value->entry),
                                       words(most->entry), most->origin)));
    }
    value = most;
  }
  Limits limits;
  const auto number = [&](Key key) -> std::optional<std::uint64_t> {
    const auto& value = limit_of(key).value;
    return value ? std::optional(value->entry.number) : std::nullopt;
  };
  limits.memory_bytes = number(Key::Memory);
  if (const auto& cpus = limit_of(Key::Cpus).value) limits.cpus = cpus->entry.cores;
  if (const auto pids = number(Key::Pids)) limits.pids = static_cast<std::uint32_t>(*pids);
  if (const auto time = number(Key::Timeout)) limits.timeout = std::chrono::nanoseconds(*time);
  limits.output_bytes = number(Key::Output);
  limits.disk_bytes = number(Key::Disk);
  return limits;
}

std::string LimitMerger::origin(Key key) const {
  const auto& value = limits_[static_cast<std::size_t>(static_cast<int>(key) - kFirst)].value;
  return value ? value->origin : "";
}

}  // namespace cordon
