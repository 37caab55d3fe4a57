// The table of audit events: who asked for what, and what was decided.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "store/database.h"
#include "store/times.h"

namespace cordon::store {

struct AuditEvent {
  std::int64_t id = 0;  // given by the table; rises
  Time time{};
  std::string caller = {};
  std::string action = {};    // "execute", "keys.add"
  std::string subject = {};   // an id, a name; never a secret
  std::string decision = {};  // "allowed", "refused"
  std::string reason = {};
};

// Keeps the last `most`.
Result<void> add_audit_event(Database& database, const AuditEvent& event, std::int64_t most);
// Newest first; `before`: an id, 0: the newest.
Result<std::vector<AuditEvent>> list_audit_events(Database& database, std::int64_t before,
                                                  std::int64_t most);

}  // namespace cordon::store
