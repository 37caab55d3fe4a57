#include "lxc/store.h"

#include <fmt/format.h>
#include <sys/socket.h>
#include <unistd.h>

#include <boost/json/array.hpp>
#include <boost/json/serialize.hpp>

#include "core/printable.h"
#include "core/try.h"
#include "engine/answer.h"
#include "engine/client.h"
#include "engine/connection.h"
#include "lxc/json.h"

namespace cordon::lxc {

namespace {

using engine::Clock;
namespace bj = boost::json;
using std::chrono::seconds;

constexpr auto kThorough = seconds(180);  // copies of file trees on a disk that may be slow

engine::Endpoint endpoint_at(const std::string& socket) {
  return {.kind = engine::Endpoint::Kind::Unix, .path = socket, .host = {}, .port = {}};
}

// What the connection says is about Docker.
Error as_of_store(Error error, const std::string& socket) {
  error.operation = "talk to the store at";
  error.subject = socket;
  if (error.code == ErrorCode::Unavailable && error.remedy.contains("Docker")) {
    error.detail = "no LXD or Incus listens there";
    error.remedy =
        "start it (`systemctl start lxd` or `incus`), or name its directory in LXD_DIR "
        "or INCUS_DIR";
  } else if (error.code == ErrorCode::PermissionDenied) {
    error.remedy = "whoever may use this socket is root on this host: `usermod -aG lxd USER`";
  }
  return error;
}

Error refusal(std::string_view operation, std::string_view subject, unsigned status,
              std::string detail) {
  ErrorCode code = ErrorCode::Internal;
  if (status == 400) code = ErrorCode::InvalidArgument;
  if (status == 401 || status == 403) code = ErrorCode::PermissionDenied;
  if (status == 404) code = ErrorCode::NotFound;
  if (status == 409) code = ErrorCode::Conflict;
  if (status == 503) code = ErrorCode::Unavailable;
  constexpr std::size_t kMostDetail = 400;
  if (detail.empty()) detail = fmt::format("the store answers {}", status);
  return {.code = code,
          .operation = std::string(operation),
          .subject = std::string(subject),
          .sys_errno = 0,
          .detail = printable(detail.substr(0, kMostDetail)),
          .remedy = {}};
}

Instance read_instance(const bj::object& from) {
  return {.name = json::text(from, "name"),
          .running = json::text(from, "status") == "Running",
          .ephemeral = json::flag(from, "ephemeral"),
          .config = json::object(from, "expanded_config"),
          .devices = json::object(from, "expanded_devices")};
}

std::string without_query(std::string_view path) {
  return std::string(path.substr(0, path.find('?')));
}

std::string last_part(std::string_view path) {
  path = path.substr(0, path.find('?'));
  return std::string(path.substr(path.rfind('/') + 1));
}

std::string in_project(const std::string& path, const std::string& project) {
  if (project.empty()) return path;
  return fmt::format("{}{}project={}", path, path.contains('?') ? '&' : '?', project);
}

}  // namespace

std::string instance_path(std::string_view name, std::string_view what) {
  return fmt::format("/1.0/instances/{}{}", engine::url_encode(name), what);
}

Result<Store> Store::connect(const Settings& settings, std::chrono::milliseconds patience) {
  Error first;
  for (const std::string& socket : settings.sockets) {
    Store store(socket, settings.project);
    auto answer = store.call({.method = "GET", .path = "/1.0", .patience = patience},
                             "ask the store for its version", "");
    if (!answer) {
      if (first.operation.empty() || answer.error().code == ErrorCode::PermissionDenied) {
        first = answer.error();
      }
      continue;
    }
    const bj::object& environment = json::object(json::object(*answer, "metadata"), "environment");
    const std::string server = json::text(environment, "server");
    if (server.empty()) {
      return std::unexpected(
          refusal("use the store at", socket, 403, "it does not know this user"));
    }
    store.info_.name = server == "incus" ? "Incus" : "LXD";
    store.info_.version = printable(json::text(environment, "server_version"));
    store.info_.idmapped_mounts =
        json::text(json::object(environment, "kernel_features"), "idmapped_mounts") == "true";
    TRY(store.check_project(patience));
    return store;
  }
  return std::unexpected(std::move(first));
}

Result<void> Store::check_project(std::chrono::milliseconds patience) const {
  if (project_.empty()) return {};
  auto found = call({.method = "GET", .path = "/1.0/projects/" + project_, .patience = patience},
                    "find the project", project_);
  if (found) return {};
  Error error = std::move(found).error();
  if (error.code == ErrorCode::NotFound) {
    error.remedy = "`lxc project list` shows those that there are";
  }
  return std::unexpected(std::move(error));
}

Result<bj::object> Store::call(const Request& request, std::string_view operation,
                               std::string_view subject) const {
  const engine::Until until{Clock::now() + request.patience};
  std::string head =
      fmt::format("{} {} HTTP/1.1\r\nHost: lxd\r\nUser-Agent: cordon\r\nConnection: close\r\n",
                  request.method, in_project(request.path, project_));
  for (const std::string& header : request.headers) head += header + "\r\n";
  if (request.method != "GET") head += fmt::format("Content-Length: {}\r\n", request.body.size());
  head += "\r\n";
  const auto talk = [&]() -> Result<engine::AnswerReader> {
    engine::Connection connection = TRY(engine::Connection::open(endpoint_at(socket_), until));
    TRY(connection.send(head, until));
    TRY(connection.send(request.body, until));
    engine::AnswerReader reader;
    while (!reader.done()) {
      const std::string_view bytes = TRY(connection.receive(until));
      TRY(bytes.empty() ? reader.end() : reader.feed(bytes));
    }
    return reader;
  };
  auto reader = talk();
  if (!reader) return std::unexpected(as_of_store(std::move(reader).error(), socket_));
  bj::object answer = TRY(json::parse_object(reader->take_body(), operation));
  if (reader->good()) return answer;
  return std::unexpected(
      refusal(operation, subject, reader->status(), json::text(answer, "error")));
}

Result<void> Store::finish(const Request& request, std::string_view operation,
                           std::string_view subject) const {
  const auto patience = request.patience;
  const bj::object started = TRY(call(request, operation, subject));
  const std::string path = without_query(json::text(started, "operation"));
  if (path.empty()) return {};
  const bj::object answer =
      TRY(call({.method = "GET",
                .path = fmt::format("{}/wait?timeout={}", path,
                                    std::chrono::duration_cast<seconds>(patience).count()),
                .patience = patience + seconds(10)},
               operation, subject));
  const bj::object& ended = json::object(answer, "metadata");
  constexpr std::int64_t kSuccess = 200;
  if (json::number(ended, "status_code") == kSuccess) return {};
  constexpr unsigned kUnknown = 500;
  return std::unexpected(refusal(operation, subject, kUnknown, json::text(ended, "err")));
}

Result<Instance> Store::instance(std::string_view name, std::chrono::milliseconds patience) const {
  const bj::object answer =
      TRY(call({.method = "GET", .path = instance_path(name), .patience = patience},
               "find the instance", name));
  return read_instance(json::object(answer, "metadata"));
}

Result<Instance> Store::snapshot(std::string_view instance, std::string_view name) const {
  const std::string path = instance_path(instance, "/snapshots/" + engine::url_encode(name));
  const bj::object answer = TRY(call({.method = "GET", .path = path}, "find the snapshot",
                                     fmt::format("{}/{}", instance, name)));
  return read_instance(json::object(answer, "metadata"));
}

Result<std::vector<Instance>> Store::list(std::string_view key) const {
  const bj::object answer =
      TRY(call({.method = "GET", .path = "/1.0/instances?recursion=1"}, "list the instances", ""));
  std::vector<Instance> found;
  const bj::value* all = answer.if_contains("metadata");
  if (all == nullptr || !all->is_array()) return found;
  for (const bj::value& one : all->get_array()) {
    if (!one.is_object()) continue;
    Instance instance = read_instance(one.get_object());
    if (instance.config.contains(json::view(key))) found.push_back(std::move(instance));
  }
  return found;
}

Result<std::string> Store::image(std::string_view name) const {
  auto alias = call({.method = "GET", .path = "/1.0/images/aliases/" + engine::url_encode(name)},
                    "find the image", name);
  if (alias) return json::text(json::object(*alias, "metadata"), "target");
  if (alias.error().code != ErrorCode::NotFound) return std::unexpected(alias.error());
  const bj::object answer =
      TRY(call({.method = "GET", .path = "/1.0/images/" + engine::url_encode(name)},
               "find the image", name));
  return json::text(json::object(answer, "metadata"), "fingerprint");
}

Result<bj::object> Store::default_devices() const {
  const bj::object answer =
      TRY(call({.method = "GET", .path = "/1.0/profiles/default"}, "read the profile", "default"));
  return json::object(json::object(answer, "metadata"), "devices");
}

Result<std::string> Store::any_pool() const {
  const bj::object answer =
      TRY(call({.method = "GET", .path = "/1.0/storage-pools"}, "find a storage pool", ""));
  const bj::value* all = answer.if_contains("metadata");
  if (all != nullptr && all->is_array() && !all->get_array().empty()) {
    return last_part(json::as_text(all->get_array().front()));
  }
  return std::unexpected(Error{.code = ErrorCode::NotFound,
                               .operation = "find a storage pool",
                               .subject = {},
                               .sys_errno = 0,
                               .detail = "the store has none",
                               .remedy = "`lxc storage create default dir` makes one"});
}

Result<ManagedNetwork> Store::network(std::string_view name) const {
  const bj::object answer =
      TRY(call({.method = "GET", .path = "/1.0/networks/" + engine::url_encode(name)},
               "find the network", name));
  const bj::object& found = json::object(answer, "metadata");
  return ManagedNetwork{.name = json::text(found, "name"),
                        .type = json::text(found, "type"),
                        .managed = json::flag(found, "managed"),
                        .config = json::object(found, "config")};
}

Result<std::vector<Lease>> Store::leases(std::string_view network) const {
  const bj::object answer =
      TRY(call({.method = "GET",
                .path = fmt::format("/1.0/networks/{}/leases", engine::url_encode(network))},
               "list the leases of the network", network));
  std::vector<Lease> found;
  const bj::value* all = answer.if_contains("metadata");
  if (all == nullptr || !all->is_array()) return found;
  for (const bj::value& one : all->get_array()) {
    if (!one.is_object()) continue;
    found.push_back({.address = json::text(one.get_object(), "address"),
                     .holder = json::text(one.get_object(), "hostname")});
  }
  return found;
}

Result<void> Store::create(const bj::object& instance) const {
  return finish({.method = "POST",
                 .path = "/1.0/instances",
                 .body = bj::serialize(instance),
                 .patience = kThorough},
                "make an instance", "");
}

Result<void> Store::make_snapshot(std::string_view instance, std::string_view name) const {
  return finish({.method = "POST",
                 .path = instance_path(instance, "/snapshots"),
                 .body = bj::serialize(bj::object{{"name", json::view(name)}, {"stateful", false}}),
                 .patience = kThorough},
                "make a snapshot of", instance);
}

Result<void> Store::configure(std::string_view name, std::string_view key,
                              std::string_view value) const {
  const bj::object config{{json::view(key), json::view(value)}};
  return finish({.method = "PATCH",
                 .path = instance_path(name),
                 .body = bj::serialize(bj::object{{"config", config}})},
                "configure the instance", name);
}

Result<void> Store::start(std::string_view name) const {
  return finish({.method = "PUT",
                 .path = instance_path(name, "/state"),
                 .body = R"({"action":"start","timeout":60})",
                 .patience = kThorough},
                "start the instance", name);
}

Result<void> Store::stop(std::string_view name) const {
  auto stopped = finish({.method = "PUT",
                         .path = instance_path(name, "/state"),
                         .body = R"({"action":"stop","timeout":0,"force":true})"},
                        "stop the instance", name);
  if (stopped || stopped.error().code == ErrorCode::NotFound ||
      stopped.error().detail.contains("already stopped")) {
    return {};
  }
  return stopped;
}

Result<void> Store::remove(std::string_view name) const {
  auto removed = finish({.method = "DELETE", .path = instance_path(name), .patience = kThorough},
                        "remove the instance", name);
  if (!removed && removed.error().code == ErrorCode::NotFound) return {};
  return removed;
}

Result<pid_t> Store::first_process(std::string_view name) const {
  const bj::object answer =
      TRY(call({.method = "GET", .path = instance_path(name, "/state")}, "look at", name));
  return static_cast<pid_t>(json::number(json::object(answer, "metadata"), "pid"));
}

Result<void> Store::put_program(std::string_view name, std::string_view path,
                                std::string_view bytes) const {
  TRY(call({.method = "POST",
            .path = instance_path(name, "/files?path=" + engine::url_encode(path)),
            .body = std::string(bytes),
            .headers = {"Content-Type: application/octet-stream", "X-LXD-uid: 0", "X-LXD-gid: 0",
                        "X-LXD-mode: 0755", "X-LXD-type: file", "X-Incus-uid: 0", "X-Incus-gid: 0",
                        "X-Incus-mode: 0755", "X-Incus-type: file"}},
           "put a program into the instance", name));
  return {};
}

Result<ExecHandle> Store::exec(std::string_view name, const ExecRequest& request) const {
  bj::array words;
  for (const std::string& word : request.words) words.emplace_back(json::view(word));
  bj::object environment;
  for (const auto& [key, value] : request.environment) {
    environment[json::view(key)] = json::view(value);
  }
  bj::object body = {{"command", std::move(words)},
                     {"environment", std::move(environment)},
                     {"wait-for-websocket", true},
                     {"interactive", request.terminal},
                     {"user", 0},
                     {"group", 0},
                     {"cwd", "/"}};
  if (request.terminal) {
    body["width"] = request.columns;
    body["height"] = request.rows;
  }
  const bj::object answer = TRY(
      call({.method = "POST", .path = instance_path(name, "/exec"), .body = bj::serialize(body)},
           "run a command in the instance", name));
  const bj::object& secrets =
      json::object(json::object(json::object(answer, "metadata"), "metadata"), "fds");
  ExecHandle handle{.operation = without_query(json::text(answer, "operation")),
                    .input = json::text(secrets, "0"),
                    .output = json::text(secrets, "1"),
                    .errors = json::text(secrets, "2"),
                    .control = json::text(secrets, "control")};
  if (!handle.operation.empty() && !handle.input.empty() && !handle.control.empty()) return handle;
  constexpr unsigned kUnknown = 500;
  return std::unexpected(
      refusal("run a command in the instance", name, kUnknown, "its answer names no streams"));
}

std::string Store::process() const {
  auto connection = engine::Connection::open(endpoint_at(socket_), {Clock::now() + seconds(1)});
  if (!connection) return {};
  const UniqueFd fd = connection->release();
  ucred peer{};
  socklen_t size = sizeof peer;
  if (::getsockopt(fd.get(), SOL_SOCKET, SO_PEERCRED, &peer, &size) != 0 || peer.pid <= 0)
    return {};
  return fmt::format("/proc/{}", peer.pid);
}

std::string Store::root_directory() const {
  const std::string at = process();
  if (at.empty()) return {};
  const std::string root = at + "/root";
  return ::access((root + "/etc").c_str(), X_OK) == 0 ? root : "";
}

}  // namespace cordon::lxc
