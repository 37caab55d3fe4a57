#include "server/audit_log.h"

#include <string>
#include <utility>

namespace cordon::server {

void AuditLog::decided(const Decision& decision) {
  file_.write(decision.decision, {{"action", decision.action},
                                  {"caller", decision.caller},
                                  {"id", decision.id},
                                  {"why", decision.why},
                                  {"trace", decision.trace}});
  store::AuditEvent event{.time = store_->now(),
                          .caller = std::string(decision.caller),
                          .action = std::string(decision.action),
                          .subject = std::string(decision.id),
                          .decision = std::string(decision.decision),
                          .reason = std::string(decision.why)};
  // With the next group of writes, as nobody waits for it.
  store_->post([event = std::move(event), most = store_->options().most_audit_events](
                   store::Database& database) { return add_audit_event(database, event, most); });
}

void AuditLog::turned_away(std::string_view peer, std::string_view why) {
  file_.write("refused", {{"peer", peer}, {"why", why}});
}

Result<std::vector<store::AuditEvent>> AuditLog::list(std::int64_t before,
                                                      std::int64_t most) const {
  if (const auto flushed = store_->flush(); !flushed) return std::unexpected(flushed.error());
  return store_->read(
      [&](store::Database& database) { return list_audit_events(database, before, most); });
}

}  // namespace cordon::server
