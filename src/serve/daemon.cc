#include "serve/daemon.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <pthread.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstdlib>
#include <memory>
#include <thread>
#include <utility>

#include "backends/registry.h"
#include "cli/write_all.h"
#include "cordon/manager.h"
#include "core/cleanup.h"
#include "core/try.h"
#include "serve/key_file.h"
#include "serve/places.h"
#include "serve/service_manager.h"
#include "server/api.h"
#include "server/http_server.h"
#include "store/store.h"

namespace cordon::serve {

namespace {

using std::chrono::milliseconds;

std::optional<std::string> variable(std::string_view name) {
  const char* const value = std::getenv(std::string(name).c_str());
  return value ? std::optional<std::string>(value) : std::nullopt;
}

sigset_t ending_signals() {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGTERM);
  sigaddset(&signals, SIGINT);
  return signals;
}

// Connections and sandboxes need more descriptors than a program has that asks for nothing. Those
// that run in sandboxes have a limit of their own.
void raise_descriptor_limit() {
  constexpr rlim_t kEnough = 65536;
  struct rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur >= kEnough) return;
  limit.rlim_cur = std::min(limit.rlim_max, kEnough);
  ::setrlimit(RLIMIT_NOFILE, &limit);
}

// Sees when `cordon keys` has replaced the file.
class KeyWatch {
 public:
  KeyWatch(std::string state_dir, server::Authenticator& authenticator, server::JsonLog& log)
      : state_dir_(std::move(state_dir)), authenticator_(authenticator), log_(log) {}

  void look() {
    struct stat status{};
    const std::string file = state_dir_ + "/keys.json";
    const bool there = ::stat(file.c_str(), &status) == 0;
    const Version version{there ? status.st_ino : 0, there ? status.st_mtim.tv_sec : 0,
                          there ? status.st_mtim.tv_nsec : 0};
    if (version == version_) return;
    version_ = version;
    auto keys = read_keys(state_dir_);
    // Nobody gets in by keys that cannot be read.
    if (!keys) log_.write("no keys", {{"error", keys.error().message()}});
    authenticator_.set_keys(keys ? *std::move(keys) : std::vector<server::ApiKey>());
  }

 private:
  struct Version {
    ino_t inode = 0;
    time_t seconds = 0;
    long nanoseconds = 0;
    bool operator==(const Version&) const = default;
  };
  std::string state_dir_;
  server::Authenticator& authenticator_;
  server::JsonLog& log_;
  Version version_;
};

struct Listening {
  std::vector<UniqueFd> sockets;
  std::string places;  // in words
  std::string made;    // the socket to remove at the end
};

Result<Listening> listen(const ServeOptions& options, const std::string& state_dir) {
  Listening listening;
  listening.sockets = TRY(inherited_listeners());
  if (!listening.sockets.empty()) {
    listening.places = "the service manager's sockets";
  } else {
    const std::string path =
        options.socket.empty() ? default_socket(variable, ::geteuid(), state_dir) : options.socket;
    listening.sockets.push_back(TRY(listen_unix(path, options.socket_group)));
    listening.places = "unix:" + path;
    listening.made = path;
  }
  if (options.listen) {
    listening.sockets.push_back(TRY(listen_tcp(*options.listen)));
    listening.places += fmt::format(" and {}://{}:{}", options.tls_key.empty() ? "http" : "https",
                                    options.listen->address, options.listen->port);
  }
  return listening;
}

server::AccessRules access_rules(const ServeOptions& options) {
  server::AccessRules rules;
  rules.own_uid = ::geteuid();
  rules.users = options.users;
  if (options.socket_group) rules.groups = {*options.socket_group};
  rules.hosts = options.hosts;
  if (options.listen) {
    rules.hosts.push_back(options.listen->address);
    rules.hosts.push_back("[" + options.listen->address + "]");
  }
  rules.origins = options.origins;
  return rules;
}

}  // namespace

Result<void> serve(const ServeOptions& options) {
  const sigset_t signals = ending_signals();
  ::pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  // For a log whose reader is gone. Blocked and not ignored: what is ignored stays so in commands.
  sigset_t broken_pipe;
  sigemptyset(&broken_pipe);
  sigaddset(&broken_pipe, SIGPIPE);
  ::pthread_sigmask(SIG_BLOCK, &broken_pipe, nullptr);
  raise_descriptor_limit();

  const std::string state_dir =
      options.state_dir.empty() ? default_state_dir(variable, ::geteuid()) : options.state_dir;
  TRY(make_state_dir(state_dir));
  // One daemon a state directory: the store holds its lock.
  store::StoreOptions kept = options.store;
  kept.directory = state_dir;
  auto store = TRY(store::Store::open(std::move(kept)));
  std::shared_ptr<server::Tls> tls;
  if (!options.tls_key.empty()) {
    tls = TRY(server::load_tls(options.tls_certificate, options.tls_key));
  }
  server::JsonLog log(UniqueFd(::fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 3)));
  if (const auto damaged = store->damaged_journal()) {
    log.write("damaged journal", {{"kept", *damaged},
                                  {"why",
                                   "results that were told may be missing; remove it once "
                                   "it is looked at"}});
  }
  server::AuditLog audit(
      TRY(server::LogFile::open(state_dir + "/audit.jsonl", options.most_audit_bytes)), store);

  ManagerConfig config = options.manager;
  config.private_work_dirs = state_dir + "/work";
  auto backends = make_backends(Preparation::Ahead, config.lxc, config.gvisor);
  Manager manager = TRY(Manager::create(std::move(config), std::move(store), std::move(backends)));
  if (!manager.is_supported()) log.write("nothing can run", {{"why", manager.support_reason()}});
  server::Authenticator authenticator(access_rules(options));
  KeyWatch keys(state_dir, authenticator, log);
  keys.look();
  server::JobStore::Options kept_of_jobs = options.jobs;
  kept_of_jobs.directory = state_dir + "/jobs";
  const auto jobs = TRY(server::JobStore::open(std::move(kept_of_jobs)));
  // Where private work directories are: what a file system without nameless files lets stay behind
  // is removed with them.
  server::UploadSpool uploads(state_dir + "/work", {.file_bytes = options.max_upload,
                                                    .caller_bytes = 2 * options.max_upload,
                                                    .bytes = 4 * options.max_upload});
  const auto envs = TRY(server::EnvPlaces::open(
      {.directory = state_dir + "/projects", .bytes_of_caller = 2 * options.max_upload}));
  server::Api api({.manager = manager,
                   .authenticator = authenticator,
                   .log = log,
                   .audit = audit,
                   .jobs = *jobs,
                   .envs = *envs,
                   .env_state_dir = state_dir + "/env",
                   .uploads = uploads,
                   .most_body = options.max_body});
  server::ServerLimits limits;
  limits.parser.body_bytes = options.max_body;
  server::HttpServer http(api, limits);
  api.count_connections([&http] { return http.connections(); });

  Listening listening = TRY(listen(options, state_dir));
  const Cleanup remove_socket([&listening] {
    if (!listening.made.empty()) ::unlink(listening.made.c_str());
  });
  for (UniqueFd& socket : listening.sockets) TRY(http.add_listener(std::move(socket), tls));
  http.every(std::chrono::seconds(1), [&keys] { keys.look(); });
  http.every(std::chrono::seconds(60), [&api] { api.sweep(); });
  // From the thread that serves: when it hangs, systemd hears nothing.
  if (const auto period = watchdog_period(); period > milliseconds(0)) {
    http.every(period, [] { notify_service_manager("WATCHDOG=1"); });
  }

  std::jthread io([&http] { http.run(); });
  cli::print(fmt::format("cordon: ready on {}\n", listening.places));
  notify_service_manager("READY=1");
  log.write("ready", {{"on", listening.places}});
  envs->clear_graves();

  int number = 0;
  ::sigwait(&signals, &number);
  notify_service_manager("STOPPING=1");
  log.write("stopping", {{"signal", number == SIGINT ? "SIGINT" : "SIGTERM"}});
  api.begin_drain();
  std::jthread drain([&] {
    manager.drain(std::chrono::steady_clock::now() + options.grace);
    http.stop(std::chrono::seconds(2));
  });
  std::jthread impatience([&manager, &signals](const std::stop_token& stop) {
    const timespec moment{0, 100'000'000};
    while (!stop.stop_requested()) {
      if (::sigtimedwait(&signals, nullptr, &moment) < 0) continue;
      manager.drain(std::chrono::steady_clock::now());
      return;
    }
  });
  drain.join();
  io.join();
  api.finish();
  log.write("stopped", {});
  return {};
}

}  // namespace cordon::serve
