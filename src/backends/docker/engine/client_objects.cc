#include <fmt/format.h>

#include <algorithm>

#include "core/try.h"
#include "engine/client.h"
#include "engine/message.h"

namespace cordon::engine {

namespace {

constexpr auto kQuick = std::chrono::seconds(20);
constexpr auto kThorough = std::chrono::seconds(120);
constexpr auto kCopy = std::chrono::hours(1);
constexpr auto kSilence = std::chrono::minutes(2);
constexpr std::size_t kMostLine = 1 << 20;

std::string of_label(std::string_view path, std::string_view label) {
  return fmt::format("{}?filters={}", path,
                     url_encode(fmt::format(R"({{"label":["{}"]}})", label)));
}

std::string archive_path(std::string_view container, std::string_view path) {
  return fmt::format("/containers/{}/archive?path={}", url_encode(container), url_encode(path));
}

// Whether the attributes have this label ("name" or "name=value"), as a filter understands it.
bool has_label(const Pairs& attributes, std::string_view label) {
  const auto equals = label.find('=');
  return std::ranges::any_of(attributes, [&](const auto& one) {
    return one.first == label.substr(0, equals) &&
           (equals == std::string_view::npos || one.second == label.substr(equals + 1));
  });
}

}  // namespace

Result<std::string> Client::create_exec(std::string_view container,
                                        const ExecConfig& config) const {
  const std::string body = to_json(config);
  return read_new_id(TRY(must({.method = "POST",
                               .path = fmt::format("/containers/{}/exec", url_encode(container)),
                               .body = body,
                               .patience = kQuick},
                              "run a command in the container", container)),
                     "a new command");
}

Result<Attached> Client::start_exec(std::string_view id) const {
  return hijack({.method = "POST",
                 .path = fmt::format("/exec/{}/start", url_encode(id)),
                 .body = R"({"Detach":false,"Tty":false})",
                 .patience = kThorough,
                 .upgrade = true},
                "start the command", "");
}

Result<ExecState> Client::inspect_exec(std::string_view id) const {
  return read_exec(TRY(must(
      {.method = "GET", .path = fmt::format("/exec/{}/json", url_encode(id)), .patience = kQuick},
      "look at the command", "")));
}

Result<void> Client::copy_out(std::string_view container, std::string_view path,
                              const PieceSink& sink) const {
  TRY(must({.method = "GET",
            .path = archive_path(container, path),
            .patience = kCopy,
            .sink = sink,
            .silence = kSilence},
           "copy out of the container", path));
  return {};
}

Result<void> Client::copy_in(std::string_view container, std::string_view directory,
                             BodySource tar) const {
  TRY(must({.method = "PUT",
            .path = archive_path(container, directory),
            .content_type = "application/x-tar",
            .patience = kCopy,
            .source = std::move(tar),
            .silence = kSilence},
           "copy into the container", directory));
  return {};
}

Result<Usage> Client::usage(std::string_view container) const {
  return read_usage(TRY(must({.method = "GET",
                              .path = fmt::format("/containers/{}/stats?stream=false&one-shot=true",
                                                  url_encode(container)),
                              .patience = kQuick},
                             "measure the container", container)));
}

Result<void> Client::events(std::string_view label, const std::function<void(const Event&)>& sink,
                            int cancel_fd) const {
  // A filter for a label that has any value is one that nothing passes, to Podman.
  const bool ours = version_.is_podman();
  std::string line;
  const auto take = [&](std::string_view piece) -> Result<void> {
    while (!piece.empty()) {
      const auto newline = piece.find('\n');
      line.append(piece.substr(0, newline));
      if (line.size() > kMostLine) {
        return std::unexpected(Error{ErrorCode::Internal, "read the engine's events", "", 0,
                                     "a line is beyond 1 MiB", ""});
      }
      if (newline == std::string_view::npos) return {};
      piece.remove_prefix(newline + 1);
      const Event event = TRY(read_event(line));
      if (!ours || has_label(event.attributes, label)) sink(event);
      line.clear();
    }
    return {};
  };
  const auto ended = must({.method = "GET",
                           .path = ours ? "/events" : of_label("/events", label),
                           .patience = std::chrono::hours(24 * 365),
                           .sink = take,
                           .silence = std::chrono::hours(24 * 365),
                           .cancel_fd = cancel_fd},
                          "listen for events", "");
  if (ended || ended.error().code == ErrorCode::Conflict) return {};
  return std::unexpected(ended.error());
}

Result<void> Client::create_volume(std::string_view name, const Pairs& labels) const {
  const std::string body = to_json(NewObject{name, labels, NewObject::Kind::Volume});
  TRY(must({.method = "POST", .path = "/volumes/create", .body = body, .patience = kThorough},
           "make the volume", name));
  return {};
}

Result<std::vector<Labelled>> Client::volumes(std::string_view label) const {
  return read_volumes(
      TRY(must({.method = "GET", .path = of_label("/volumes", label), .patience = kQuick},
               "list the volumes", "")));
}

Result<void> Client::remove_volume(std::string_view name) const {
  return must_be_gone("/volumes/" + url_encode(name), "remove the volume", name);
}

Result<std::string> Client::create_internal_network(std::string_view name,
                                                    const Pairs& labels) const {
  const std::string body = to_json(NewObject{name, labels, NewObject::Kind::InternalNetwork});
  return read_new_id(
      TRY(must({.method = "POST", .path = "/networks/create", .body = body, .patience = kThorough},
               "make the network", name)),
      "a new network");
}

Result<std::vector<Labelled>> Client::networks(std::string_view label) const {
  return read_networks(
      TRY(must({.method = "GET", .path = of_label("/networks", label), .patience = kQuick},
               "list the networks", "")));
}

Result<void> Client::remove_network(std::string_view id) const {
  return must_be_gone("/networks/" + url_encode(id), "remove the network", id);
}

Result<void> Client::must_be_gone(std::string path, std::string_view operation,
                                  std::string_view subject) const {
  auto reply = TRY(call({.method = "DELETE", .path = std::move(path), .patience = kThorough}));
  if (reply.status < 300 || reply.status == 404) return {};
  return std::unexpected(
      refusal(std::string(operation), std::string(subject), reply.status, reply.body));
}

}  // namespace cordon::engine
