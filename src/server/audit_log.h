// Who asked for what, and what was decided: a line of audit.jsonl and an event of the store, each.
#pragma once

#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

#include "cordon/error.h"
#include "server/json_log.h"
#include "store/audit_events.h"
#include "store/store.h"

namespace cordon::server {

struct Decision {
  std::string_view decision;  // "allowed", "refused"
  std::string_view action;    // "execute", "kill"
  std::string_view caller;
  std::string_view id;  // of the execution, if there is one
  std::string_view why;
  std::string_view trace;
};

// Thread-safe.
class AuditLog {
 public:
  AuditLog(LogFile file, std::shared_ptr<store::Store> store)
      : file_(std::move(file)), store_(std::move(store)) {}

  void decided(const Decision& decision);
  // Somebody whom nobody knows was turned away. In the file alone: strangers could push everything
  // else out of the store.
  void turned_away(std::string_view peer, std::string_view why);

  // Newest first; `before`: an id, 0: the newest.
  Result<std::vector<store::AuditEvent>> list(std::int64_t before, std::int64_t most) const;

 private:
  JsonLog file_;
  std::shared_ptr<store::Store> store_;
};

}  // namespace cordon::server
