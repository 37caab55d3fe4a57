#include "client/stored_executions.h"

#include <sys/stat.h>

#include <boost/json/parse.hpp>
#include <limits>
#include <utility>

#include "client/query.h"
#include "core/try.h"
#include "manager/ledger.h"
#include "server/record_json.h"
#include "store/store.h"

namespace cordon::client {

namespace {

namespace json = boost::json;

constexpr std::size_t kAll = std::numeric_limits<std::size_t>::max() / 2;

// How long things are kept is for the daemon to say: here nothing expires.
store::StoreOptions unlimited(const std::string& state_dir, std::chrono::milliseconds patience) {
  store::StoreOptions options{.directory = state_dir};
  options.output_lifetime = std::chrono::days(36500);
  options.execution_lifetime = std::chrono::days(36500);
  options.lock_patience = patience;
  return options;
}

// What our own code has just written.
json::object object_of(const std::string& text) { return json::parse(text).as_object(); }

std::unexpected<Error> no_such(const std::string& id) {
  return std::unexpected(Error{.code = ErrorCode::NotFound,
                               .operation = "find execution",
                               .subject = id,
                               .sys_errno = 0,
                               .detail = "there is none with this id",
                               .remedy = {}});
}

class StoredExecutions final : public Executions {
 public:
  explicit StoredExecutions(std::shared_ptr<store::Store> store) : ledger_(std::move(store)) {}

  bool is_live() const override { return false; }

  Result<Listed> list(const ExecutionFilter& filter, const Page& page) override {
    auto records = TRY(ledger_.list(filter, page.before, page.size + 1));
    Listed listed;
    if (records.size() > page.size) {
      records.resize(page.size);
      listed.next = records.back().id;
    }
    for (const ExecutionRecord& record : records) {
      listed.executions.push_back(object_of(server::to_json(record)));
    }
    return listed;
  }

  Result<json::object> inspect(const std::string& id) override {
    const ExecutionRecord record = TRY(find(id));
    const SharedResult result = TRY(ledger_.result(record));
    return with_details(object_of(server::to_json(record)), object_of(to_json(*result)));
  }

  Result<void> read_output(const std::string& id, Follow, const OutputReader& reader) override {
    const ExecutionRecord record = TRY(find(id));
    const EventBatch batch = TRY(ledger_.events(record, 0, kAll));
    std::uint64_t out = 0;
    std::uint64_t err = 0;
    for (const Event& event : batch.events) {
      if (event.kind != EventKind::Stdout && event.kind != EventKind::Stderr) continue;
      const Stream stream = event.kind == EventKind::Stdout ? Stream::Stdout : Stream::Stderr;
      (stream == Stream::Stdout ? out : err) += event.bytes.size();
      if (!reader(stream, event.bytes)) return {};
    }
    // Output that came in too many small turns is in no event.
    for (const auto& [stream, seen] : {std::pair{Stream::Stdout, out}, {Stream::Stderr, err}}) {
      const OutputPiece rest = TRY(ledger_.output(record, stream, seen, kAll));
      if (!rest.bytes.empty() && !reader(stream, rest.bytes)) return {};
    }
    return {};
  }

  Result<void> kill(const std::string& id) override {
    return std::unexpected(Error{.code = ErrorCode::Conflict,
                                 .operation = "kill execution",
                                 .subject = id,
                                 .sys_errno = 0,
                                 .detail = "no daemon runs, and nothing runs without one",
                                 .remedy = {}});
  }

  Result<void> remove(const std::string& id) override {
    TRY(find(id));
    return ledger_.remove(id);
  }

  Result<std::uint64_t> prune(std::chrono::nanoseconds older_than) override {
    return ledger_.prune(older_than, std::nullopt);
  }

  Result<json::object> stats() override {
    ManagerStats stats;
    ledger_.add_to(stats);
    return json::object{{"stored_executions", stats.stored_executions},
                        {"stored_output_bytes", stats.stored_output_bytes}};
  }

 private:
  Result<ExecutionRecord> find(const std::string& id) const {
    auto record = TRY(ledger_.find(id));
    if (!record) return no_such(id);
    return *std::move(record);
  }

  Ledger ledger_;
};

}  // namespace

Result<std::unique_ptr<Executions>> open_stored_executions(const std::string& state_dir,
                                                           std::chrono::milliseconds patience) {
  struct stat status{};
  const std::string file = state_dir + "/cordon.db";
  if (::lstat(file.c_str(), &status) != 0) {
    if (errno == ENOENT || errno == ENOTDIR) return std::make_unique<StoredExecutions>(nullptr);
    return std::unexpected(system_error("look for a store in", state_dir));
  }
  auto store = TRY(store::Store::open(unlimited(state_dir, patience)));
  return std::make_unique<StoredExecutions>(std::move(store));
}

}  // namespace cordon::client
