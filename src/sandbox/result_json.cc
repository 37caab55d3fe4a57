// ExecutionResult and Guarantees as JSON: the form that scripts read.
#include <array>
#include <boost/json.hpp>
#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "cordon/execution.h"
#include "cordon/guarantees.h"
#include "core/rfc3339.h"
#include "core/utf8.h"

namespace cordon {

namespace {

namespace json = boost::json;

// Each value would be an allocation of its own; what does not fit here is one on the heap.
class Memory {
 public:
  json::storage_ptr storage() { return &resource_; }

 private:
  std::array<unsigned char, 16 << 10> buffer_;
  json::monotonic_resource resource_{buffer_.data(), buffer_.size()};
};

class Writer {
 public:
  explicit Writer(json::storage_ptr storage) : storage_(std::move(storage)) {}

  json::object object(const ExecutionResult& result) const {
    json::object object(storage_);
    object.reserve(18);
    object["id"] = text(result.id);
    object["status"] = to_string(result.status);
    object["exit_code"] = result.exit_code;
    object["stdout"] = text(result.stdout_data);
    object["stderr"] = text(result.stderr_data);
    object["start_time"] = time_of(result.start_time);
    object["end_time"] = time_of(result.end_time);
    object["duration"] = std::int64_t{result.duration.count()};
    object["resource_usage"] = usage_of(result.resource_usage);
    if (!result.error.empty()) object["error"] = text(result.error);
    object["signal"] = result.signal ? json::value(*result.signal) : nullptr;
    object["limit_hit"] = result.limit_hit ? json::value(to_string(*result.limit_hit)) : nullptr;
    object["truncated"] = {{"stdout", result.stdout_truncated},
                           {"stderr", result.stderr_truncated}};
    object["tier"] = to_string(result.tier);
    object["backend"] = text(result.backend);
    object["guarantees"] = array(result.guarantees);
    if (!result.adjustments.empty()) object["adjustments"] = array(result.adjustments);
    return object;
  }

  json::array array(const Guarantees& guarantees) const {
    json::array array(storage_);
    array.reserve(guarantees.size());
    for (const auto& guarantee : guarantees) {
      json::object object(storage_);
      object.reserve(4);
      object["name"] = text(guarantee.name);
      object["strength"] = to_string(guarantee.strength);
      object["mechanism"] = text(guarantee.mechanism);
      object["reason"] = text(guarantee.reason);
      array.push_back(std::move(object));
    }
    return array;
  }

 private:
  // JSON is UTF-8; paths and messages may carry a guest's bytes as its output does.
  json::string text(std::string_view bytes) const {
    return {replace_invalid_utf8(bytes), storage_};
  }

  json::value time_of(std::chrono::system_clock::time_point time) const {
    if (time == std::chrono::system_clock::time_point{}) return nullptr;
    return json::string(format_rfc3339(time), storage_);
  }

  json::value usage_of(const std::optional<ResourceUsage>& usage) const {
    if (!usage) return nullptr;
    return json::object({{"cpu_time_ns", usage->cpu_time_ns},
                         {"memory_peak_bytes", usage->memory_peak_bytes},
                         {"io_read_bytes", usage->io_read_bytes},
                         {"io_write_bytes", usage->io_write_bytes}},
                        storage_);
  }

  json::array array(const std::vector<Adjustment>& adjustments) const {
    json::array array(storage_);
    for (const auto& [name, asked, given] : adjustments) {
      array.push_back({{"name", name}, {"asked", text(asked)}, {"given", given}});
    }
    return array;
  }

  json::storage_ptr storage_;
};

}  // namespace

std::string to_json(const ExecutionResult& result) {
  Memory memory;
  return json::serialize(Writer(memory.storage()).object(result));
}

std::string to_json(const Guarantees& guarantees) {
  Memory memory;
  return json::serialize(Writer(memory.storage()).array(guarantees));
}

}  // namespace cordon
