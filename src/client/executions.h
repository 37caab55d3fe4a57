// What ran and what runs, wherever that is known: at a daemon, or in the store that one left.
#pragma once

#include <boost/json/object.hpp>
#include <chrono>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "cordon/error.h"
#include "cordon/execution_record.h"

namespace cordon::client {

// Members as in the API's answers: docs/serve.md.
struct Listed {
  std::vector<boost::json::object> executions;  // newest first
  std::string next;                             // for Page::before; empty: this was the last page
};

enum class Follow { UntilNow, UntilItEnds };

// Bytes as the command wrote them. False: no more is wanted.
using OutputReader = std::function<bool(Stream stream, std::string_view bytes)>;

// Ids are whole: see resolve_id(). Errors: NotFound where there is no such execution.
class Executions {
 public:
  virtual ~Executions() = default;
  Executions(const Executions&) = delete;
  Executions& operator=(const Executions&) = delete;

  // Whether a daemon answers. Else nothing runs, and the store's lock is held while this lives: not
  // longer than needed, and not while somebody reads what is printed.
  virtual bool is_live() const = 0;
  // Pages have at most 200.
  virtual Result<Listed> list(const ExecutionFilter& filter, const Page& page) = 0;
  // Its record, with what was enforced and adjusted.
  virtual Result<boost::json::object> inspect(const std::string& id) = 0;
  // Both streams, in the order in which the command wrote them.
  virtual Result<void> read_output(const std::string& id, Follow follow,
                                   const OutputReader& reader) = 0;
  virtual Result<void> kill(const std::string& id) = 0;
  // Errors: Conflict: it has not ended.
  virtual Result<void> remove(const std::string& id) = 0;
  // Says how many.
  virtual Result<std::uint64_t> prune(std::chrono::nanoseconds older_than) = 0;
  virtual Result<boost::json::object> stats() = 0;

 protected:
  Executions() = default;
};

}  // namespace cordon::client
