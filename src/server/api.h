// The v1 HTTP API: /api/v1, health, metrics. docs/serve.md is its manual, openapi.json its
// contract.
#pragma once

#include <atomic>
#include <chrono>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "cordon/manager.h"
#include "server/audit_log.h"
#include "server/authenticate.h"
#include "server/env_places.h"
#include "server/job_store.h"
#include "server/json_log.h"
#include "server/metrics.h"
#include "server/router.h"
#include "server/service.h"
#include "server/target.h"
#include "server/upload_spool.h"
#include "server/work_thread.h"

namespace cordon::server {

// All outlive the Api.
struct ApiParts {
  Manager& manager;
  const Authenticator& authenticator;
  JsonLog& log;
  AuditLog& audit;
  JobStore& jobs;
  EnvPlaces& envs;
  std::string env_state_dir;  // of DevEnvManager
  UploadSpool& uploads;
  std::uint64_t most_body;  // of what is held in memory
};

class Api final : public Service {
 public:
  explicit Api(const ApiParts& parts);

  Admission admit(const Request& request, const Peer& peer, const Reply& reply) override;
  void serve(Request request, const Peer& peer, Reply reply) override;
  Response refuse(int status, std::string_view problem) override;

  // For /metrics; before the first request.
  void count_connections(std::function<std::size_t()> count) { connections_ = std::move(count); }
  // From now on nothing is executed, and /readyz says so to load balancers. Thread-safe.
  void begin_drain() { draining_.store(true, std::memory_order_relaxed); }
  // Waits for what is under way aside of the I/O thread. Before the HttpServer is destroyed:
  // answers go there.
  void finish() {
    work_.reset();
    disk_.reset();
    engine_.reset();
  }
  // Removes what jobs left longer ago than it is kept. Thread-safe, and not at once.
  void sweep();

 private:
  // One request on its way through.
  struct Call {
    Request request;
    Target target;
    std::vector<std::string_view> parameters;
    Identity identity;
    std::string trace;  // empty: none that is valid
    Reply reply;

    const Caller& caller() const { return identity.caller; }
    std::string_view id() const { return parameters.front(); }
  };
  struct Route {
    std::string_view method;
    std::string_view pattern;
    void (Api::*handler)(Call&);
    enum class Access { Caller, Anybody } access;
    enum class Body { None, Json, JsonOrForm, Job, Env, Bytes } body;
    // Empty: it takes a body of that type.
    std::string_view refuses(std::string_view type) const;
  };
  static const std::vector<Route>& routes();

  // What is wrong with a request's head, or whose it is.
  std::optional<Response> look_at(const Request& request, const Peer& peer, Target& target,
                                  RouteMatch& match, Identity& identity);
  void answer(const Call& call, Response response);
  void answer(const Reply& reply, Response response);
  void fail(const Call& call, const Error& error);
  // An error about the execution that the path names.
  void fail_execution(const Call& call, const Error& error);
  bool check_query(const Call& call, std::initializer_list<std::string_view> known);
  void decided(const Call& call, std::string_view action, std::string_view decision,
               std::string_view why, std::string_view id);

  // How a request becomes an execution, and what is told of it.
  struct Launch {
    bool async = false;
    std::string_view action;  // for the audit log
    std::string_view place;   // where its id leads to
    // Before the id of an async one is told.
    std::function<Result<void>(const std::string& id)> accepted;
    std::function<Response(const SharedResult& result)> ended;
    // Who says so to the client; with async.
    enum class Answer { Here, Elsewhere } answer = Answer::Here;
  };
  void launch(Call& call, Result<ManagedRequest> request, const Launch& how);
  Result<std::string> start(const Call& call, ManagedRequest request, const Launch& how);

  void execute(Call& call);
  void execute_here(Call& call);
  Result<ManagedRequest> managed_request(const Call& call, const struct ExecuteBody& body) const;
  void status(Call& call);
  void kill(Call& call);
  void info(Call& call);
  void config(Call& call);
  void list(Call& call);
  void inspect(Call& call);
  void remove(Call& call);
  void prune(Call& call);
  void events(Call& call);
  void output(Call& call);
  void write_stdin(Call& call);
  Admission admit_upload(const struct UploadNames& names, const Request& request,
                         const Caller& caller, const Reply& reply);
  void start_job(Call& call);
  void start_job_here(Call& call, class TarUpload& upload);
  Result<ManagedRequest> job_request(const Call& call,
                                     const std::shared_ptr<class JobWork>& work) const;
  bool find_job(const Call& call);
  static bool may_build(const Identity& identity);
  bool check_env(const Call& call, std::initializer_list<std::string_view> known);
  void build_env(Call& call);
  void build_env_here(Call& call, class TarUpload* upload);
  void swap_env(Call& call);
  void launch_env(Call& call, struct EnvTask task);
  void answer_started(const Reply& reply, const EnvName& name, const std::string& id);
  void env_status(Call& call);
  void list_envs(Call& call);
  void remove_env(Call& call);
  void prune_envs(Call& call);
  Result<struct EnvView> view_env(const EnvPlaces::Kept& kept, const Caller& caller) const;
  // On the thread that may wait for an engine.
  void on_engine(Call& call, std::function<void(Call&)> task);
  void job_status(Call& call);
  void list_jobs(Call& call);
  void remove_job(Call& call);
  void cancel_job(Call& call);
  void job_events(Call& call);
  void job_output(Call& call);
  void artifacts(Call& call);
  // On the thread that may wait for a disk.
  void on_disk(Call& call, std::function<void(Call&)> task);
  void backends(Call& call);
  void stats(Call& call);
  void audit(Call& call);
  void health(Call& call);
  void readiness(Call& call);
  void metrics(Call& call);
  void openapi(Call& call);
  std::string info_json() const;

  Manager& manager_;
  const Authenticator& authenticator_;
  JsonLog& log_;
  AuditLog& audit_;
  JobStore& jobs_;
  EnvPlaces& envs_;
  const std::string env_state_dir_;
  UploadSpool& uploads_;
  const std::uint64_t most_body_;
  Router router_;
  HttpMetrics http_;
  std::function<std::size_t()> connections_ = [] { return std::size_t{0}; };
  std::atomic<bool> draining_{false};
  std::string host_report_;  // of the work thread alone, as the next
  std::chrono::steady_clock::time_point host_reported_;
  std::optional<WorkThread> work_{std::in_place};  // last: their tasks use the others
  std::optional<WorkThread> disk_{std::in_place};
  std::optional<WorkThread> engine_{
      std::in_place};  // an engine that hangs keeps only these waiting
};

}  // namespace cordon::server
