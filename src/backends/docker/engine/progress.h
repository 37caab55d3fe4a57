// What an engine tells while it works on an image: one JSON object a line, as it comes.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "cordon/error.h"

namespace cordon::engine {

struct Progress {
  std::string layer;   // "3f1d0c..."; empty: it is about the whole
  std::string status;  // "Downloading"
  std::int64_t done_bytes = 0;
  std::int64_t total_bytes = 0;  // 0: not known
  std::string text;              // output of a build
  std::string image_id;          // of what was built
};

using ProgressSink = std::function<void(const Progress& progress)>;

// Not thread-safe.
class ProgressReader {
 public:
  // Errors: Internal: lines that are no JSON, or beyond 1 MiB; what the engine says went wrong.
  // Nothing can be read after one.
  Result<void> feed(std::string_view bytes, const ProgressSink& sink);
  // The last line may lack its end.
  Result<void> end(const ProgressSink& sink);

 private:
  std::string line_;
};

}  // namespace cordon::engine
