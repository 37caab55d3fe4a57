#include "engine/client.h"

#include <fmt/format.h>

#include <algorithm>

#include "core/try.h"
#include "engine/api_version.h"
#include "engine/message.h"

namespace cordon::engine {

namespace {

using std::chrono::seconds;

constexpr auto kQuick = seconds(20);      // what engines answer from memory
constexpr auto kThorough = seconds(120);  // what makes them work on a disk that may be slow

std::string container_path(std::string_view id, std::string_view what = {}) {
  return fmt::format("/containers/{}{}", url_encode(id), what);
}

}  // namespace

std::string url_encode(std::string_view text, Slashes slashes) {
  std::string encoded;
  for (const char c : text) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                       c == '-' || c == '.' || c == '_' || c == '~' ||
                       (c == '/' && slashes == Slashes::Keep);
    if (plain) {
      encoded += c;
    } else {
      encoded += fmt::format("%{:02X}", static_cast<unsigned char>(c));
    }
  }
  return encoded;
}

Result<std::string> image_path(std::string_view name, std::string_view what) {
  TRY(check_image_reference(name));
  return fmt::format("/images/{}{}", url_encode(name, Slashes::Keep), what);
}

Result<Client> Client::connect(Endpoint endpoint, std::chrono::milliseconds patience) {
  Client client(std::move(endpoint));
  // Asked for its version, an engine runs programs to find out those of its parts: as long as a
  // small container takes to be made.
  const Reply ping = TRY(client.call({.method = "GET", .path = "/_ping", .patience = patience}));
  if (auto version = version_of(ping)) {
    client.version_ = *std::move(version);
    return client;
  }
  const std::string body =
      TRY(client.must({.method = "GET", .path = "/version", .patience = patience},
                      "ask the engine for its version", ""));
  Versions versions = TRY(read_versions(body));
  std::string api = TRY(negotiate_api(versions.api, versions.least_api));
  client.version_ = {std::move(versions.engine), printable(versions.version), std::move(api)};
  return client;
}

Client Client::until(Deadline latest) const {
  Client hurried = *this;
  hurried.latest_ = latest;
  return hurried;
}

std::optional<EngineVersion> Client::version_of(const Reply& ping) {
  constexpr std::string_view kDocker = "Docker/";
  constexpr std::string_view kPodman = "Libpod/";
  const bool podman = ping.server.starts_with(kPodman);
  if (ping.status >= 300 || (!podman && !ping.server.starts_with(kDocker))) return std::nullopt;
  // A newer engine may have given up what we speak: it says so with its version.
  const auto api = negotiate_api(ping.api_version, "");
  if (!api || *api != ping.api_version) return std::nullopt;
  const std::string name = ping.server.substr(ping.server.find('/') + 1);
  return EngineVersion{podman ? "Podman" : "Docker", printable(name.substr(0, name.find(' '))),
                       *api};
}

Result<Connection> Client::send(const Request& request, const Until& until) const {
  const std::string version = version_.api.empty() ? "" : "/v" + version_.api;
  std::string head = fmt::format("{} {}{} HTTP/1.1\r\nHost: docker\r\nUser-Agent: cordon\r\n",
                                 request.method, version, request.path);
  head += request.headers;
  if (request.source) {
    fmt::format_to(std::back_inserter(head), "Content-Type: {}\r\nTransfer-Encoding: chunked\r\n",
                   request.content_type);
  } else if (request.method == "POST" || request.method == "PUT") {
    fmt::format_to(std::back_inserter(head), "Content-Type: {}\r\nContent-Length: {}\r\n",
                   request.content_type, request.body.size());
  }
  head +=
      request.upgrade ? "Connection: Upgrade\r\nUpgrade: tcp\r\n\r\n" : "Connection: close\r\n\r\n";
  Connection connection = TRY(Connection::open(endpoint_, until));
  // In one piece, so that an engine that refuses by the head alone is heard.
  head += request.body;
  TRY(connection.send(head, until));
  return connection;
}

Result<Client::Reply> Client::call(const Request& request) const {
  const Deadline deadline = std::min(Clock::now() + request.patience, latest_);
  const auto until = [&] {
    return Until{std::min(deadline, Clock::now() + request.silence), request.cancel_fd};
  };
  Connection connection = TRY(send(request, until()));
  AnswerReader reader;
  const auto take = [&](std::string_view bytes) -> Result<void> {
    TRY(bytes.empty() ? reader.end() : reader.feed(bytes));
    if (!request.sink || !reader.head_done() || !reader.good()) return {};
    const std::string piece = reader.take_body();
    return piece.empty() ? Result<void>() : request.sink(piece);
  };
  // In chunks; what is answered meanwhile ends it: the engine wants no more.
  bool more = static_cast<bool>(request.source);
  while (more && !reader.done()) {
    const std::string_view piece = TRY(request.source());
    more = !piece.empty();
    const std::string chunk = fmt::format("{:x}\r\n{}\r\n", piece.size(), piece);
    std::string_view rest = chunk;
    while (!rest.empty() && !reader.done()) {
      const auto heard = connection.send_some(rest, until());
      if (heard && !heard->bytes.empty()) TRY(take(heard->bytes));
      if (heard && !heard->closed) continue;
      more = false;  // a refusal may lie there to be read
      break;
    }
  }
  while (!reader.done()) TRY(take(TRY(connection.receive(until()))));
  return Reply{reader.status(), reader.take_body(), reader.header("Server"),
               reader.header("Api-Version")};
}

Result<std::string> Client::must(const Request& request, std::string_view operation,
                                 std::string_view subject) const {
  auto reply = call(request);
  if (!reply && reply.error().operation.empty()) return std::unexpected(std::move(reply).error());
  if (!reply) return std::unexpected(std::move(reply).error().in(operation));
  if (reply->status < 300) return std::move(reply->body);
  return std::unexpected(
      refusal(std::string(operation), std::string(subject), reply->status, reply->body));
}

Result<void> Client::must_progress(Request request, const ProgressSink& sink,
                                   std::string_view operation, std::string_view subject) const {
  ProgressReader reader;
  request.sink = [&](std::string_view piece) { return reader.feed(piece, sink); };
  const auto with_context = [&](Result<void> result) -> Result<void> {
    if (result) return {};
    // What the engine said went wrong lacks what was asked.
    if (result.error().operation.empty()) {
      result.error().operation = operation;
      result.error().subject = subject;
    }
    return result;
  };
  auto answered = must(request, operation, subject);
  if (!answered) return with_context(std::unexpected(std::move(answered).error()));
  return with_context(reader.end(sink));
}

Result<EngineInfo> Client::info() const {
  return read_info(
      TRY(must({.method = "GET", .path = "/info", .patience = kQuick}, "ask the engine", "")));
}

Result<Image> Client::image(std::string_view name) const {
  return read_image(
      TRY(must({.method = "GET", .path = TRY(image_path(name, "/json")), .patience = kQuick},
               "look at the image", name)));
}

Result<Created> Client::create(std::string_view name, const ContainerConfig& config) const {
  const std::string body = to_json(config);
  return read_created(TRY(must({.method = "POST",
                                .path = fmt::format("/containers/create?name={}", url_encode(name)),
                                .body = body,
                                .patience = kThorough},
                               "create the container from", config.image)));
}

Result<Container> Client::inspect(std::string_view id) const {
  return read_container(
      TRY(must({.method = "GET", .path = container_path(id, "/json"), .patience = kQuick},
               "look at the container", id)));
}

Result<std::vector<ContainerSummary>> Client::list(std::string_view label) const {
  const std::string filter = fmt::format(R"({{"label":["{}"]}})", label);
  return read_containers(TRY(must({.method = "GET",
                                   .path = "/containers/json?all=1&filters=" + url_encode(filter),
                                   .patience = kQuick},
                                  "list the containers", "")));
}

Result<void> Client::start(std::string_view id) const {
  TRY(must({.method = "POST", .path = container_path(id, "/start"), .patience = kThorough},
           "start the container", ""));
  return {};
}

Result<void> Client::kill(std::string_view id, int signal) const {
  auto reply = TRY(call({.method = "POST",
                         .path = container_path(id, fmt::format("/kill?signal={}", signal)),
                         .patience = kQuick}));
  if (reply.status < 300 || reply.status == 404 || reply.status == 409) return {};
  return std::unexpected(
      refusal("signal the container", std::string(id), reply.status, reply.body));
}

Result<void> Client::remove(std::string_view id) const {
  auto reply = TRY(call({.method = "DELETE",
                         .path = container_path(id, "?force=true&v=true"),
                         .patience = kThorough}));
  // 409: somebody else is removing it already.
  if (reply.status < 300 || reply.status == 404 || reply.status == 409) return {};
  return std::unexpected(
      refusal("remove the container", std::string(id), reply.status, reply.body));
}

Result<Waiting> Client::wait_for_exit(std::string_view id) const {
  const Until until{std::min(Clock::now() + kQuick, latest_)};
  Connection connection = TRY(
      send({.method = "POST", .path = container_path(id, "/wait?condition=not-running")}, until));
  return Waiting{connection.release(), AnswerReader()};
}

Result<Attached> Client::hijack(const Request& request, std::string_view operation,
                                std::string_view subject) const {
  const Until until{std::min(Clock::now() + request.patience, latest_)};
  Connection connection = TRY(send(request, until));
  AnswerReader reader(AnswerReader::After::Connection);
  while (!reader.done()) {
    const std::string_view bytes = TRY(connection.receive(until));
    TRY(bytes.empty() ? reader.end() : reader.feed(bytes));
  }
  if (reader.status() != 101 && reader.status() != 200) {
    return std::unexpected(
        refusal(std::string(operation), std::string(subject), reader.status(), reader.take_body()));
  }
  return Attached{connection.release(), reader.take_rest()};
}

Result<Attached> Client::attach(std::string_view id, bool with_stdin) const {
  return hijack(
      {.method = "POST",
       .path = container_path(
           id, fmt::format("/attach?stream=1&stdout=1&stderr=1&stdin={}", with_stdin ? 1 : 0)),
       .patience = kQuick,
       .upgrade = true},
      "attach to the container", id);
}

Result<void> Client::resize(std::string_view id, unsigned rows, unsigned columns) const {
  TRY(must({.method = "POST",
            .path = container_path(id, fmt::format("/resize?h={}&w={}", rows, columns)),
            .patience = kQuick},
           "resize the container's terminal", ""));
  return {};
}

Result<void> Client::rename(std::string_view id, std::string_view name) const {
  TRY(must({.method = "POST",
            .path = container_path(id, "/rename?name=" + url_encode(name)),
            .patience = kQuick},
           "rename the container to", name));
  return {};
}

Result<void> Client::restart(std::string_view id) const {
  TRY(must({.method = "POST", .path = container_path(id, "/restart?t=0"), .patience = kThorough},
           "restart the container", id));
  return {};
}

}  // namespace cordon::engine
