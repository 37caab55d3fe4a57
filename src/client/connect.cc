#include "client/connect.h"

#include <unistd.h>

#include <cstdlib>
#include <optional>
#include <string_view>
#include <utility>

#include "client/daemon_executions.h"
#include "client/http_client.h"
#include "client/stored_executions.h"
#include "core/try.h"
#include "serve/places.h"

namespace cordon::client {

namespace {

using std::chrono::milliseconds;

std::optional<std::string> variable(std::string_view name) {
  const char* const value = std::getenv(std::string(name).c_str());
  return value ? std::optional<std::string>(value) : std::nullopt;
}

Result<std::unique_ptr<Executions>> reach(const std::string& socket) {
  HttpClient http(socket);
  TRY(http.knock());
  return std::make_unique<DaemonExecutions>(std::move(http));
}

std::unexpected<Error> silent(const std::string& state_dir, const std::string& socket) {
  return std::unexpected(Error{.code = ErrorCode::Conflict,
                               .operation = "read what is kept in",
                               .subject = state_dir,
                               .sys_errno = 0,
                               .detail = "a daemon uses it, and does not answer at " + socket,
                               .remedy = "say where it listens, with --socket"});
}

}  // namespace

Result<std::unique_ptr<Executions>> connect(const Places& places) {
  const std::string state_dir =
      places.state_dir.empty() ? serve::default_state_dir(variable, ::geteuid()) : places.state_dir;
  const std::string socket = places.socket.empty()
                                 ? serve::default_socket(variable, ::geteuid(), state_dir)
                                 : places.socket;
  const bool directory_alone = places.socket.empty() && !places.state_dir.empty();
  if (!directory_alone) {
    auto daemon = reach(socket);
    const bool socket_alone = !places.socket.empty() && places.state_dir.empty();
    if (daemon || socket_alone || daemon.error().code != ErrorCode::NotFound) return daemon;
  }
  // Another command like this one has the directory for a moment; a daemon that starts has it and
  // listens soon: both may take some turns.
  auto stored = open_stored_executions(state_dir, milliseconds(0));
  for (int turn = 0; turn < 40; ++turn) {
    if (stored || stored.error().code != ErrorCode::Conflict) return stored;
    if (auto daemon = reach(socket); daemon || daemon.error().code != ErrorCode::NotFound) {
      return daemon;
    }
    stored = open_stored_executions(state_dir, milliseconds(100));
  }
  if (stored || stored.error().code != ErrorCode::Conflict) return stored;
  return silent(state_dir, socket);
}

}  // namespace cordon::client
