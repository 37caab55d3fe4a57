// The words of execution_record.h.
#include "cordon/execution_record.h"

namespace cordon {

std::string_view to_string(Stream stream) { return stream == Stream::Stdout ? "stdout" : "stderr"; }

std::string_view to_string(EventKind kind) {
  switch (kind) {
    case EventKind::Stdout:
      return "stdout";
    case EventKind::Stderr:
      return "stderr";
    case EventKind::Status:
      return "status";
    case EventKind::Usage:
      return "usage";
    case EventKind::Dropped:
      return "dropped";
  }
  return "unknown";
}

}  // namespace cordon
