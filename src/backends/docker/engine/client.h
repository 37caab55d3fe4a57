// A typed client of the Docker Engine API, for Docker and for Podman's compatible socket.
#pragma once

#include <chrono>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "cordon/error.h"
#include "core/unique_fd.h"
#include "engine/answer.h"
#include "engine/connection.h"
#include "engine/endpoint.h"
#include "engine/image_name.h"
#include "engine/json.h"
#include "engine/progress.h"
#include "engine/registry_login.h"
#include "engine/types.h"

namespace cordon::engine {

// Bytes both ways between a container's streams and us. Non-blocking.
struct Attached {
  UniqueFd fd;
  std::string first;  // what came before anybody looked
};

// The answer to a wait, still to come. Non-blocking: what arrives is fed to `reader`.
struct Waiting {
  UniqueFd fd;
  AnswerReader reader;
};

// The next piece of what is sent; empty: that was all. Valid until the next call.
using BodySource = std::function<Result<std::string_view>()>;
// Takes the next piece of an answer. An error ends the call with it.
using PieceSink = std::function<Result<void>(std::string_view piece)>;

struct PullRequest {
  ImageName name;
  std::string platform = {};  // "linux/arm64"; empty: the engine's own
  std::optional<RegistryLogin> login = {};
  ProgressSink progress = {};
  int cancel_fd = -1;  // readable: the pull is given up
};

// Thread-safe: each call has a connection of its own. Errors of all calls: those of Connection, and
// what refusal() makes of the engine's answer; Unavailable when no answer came in time.
class Client {
 public:
  // Asks the engine for its version. Errors: also those of negotiate_api().
  static Result<Client> connect(Endpoint endpoint,
                                std::chrono::milliseconds patience = std::chrono::seconds(5));

  const Endpoint& endpoint() const { return endpoint_; }
  const EngineVersion& version() const { return version_; }

  Result<EngineInfo> info() const;
  Result<Image> image(std::string_view name) const;
  // Makes an image of a tar archive of a root directory. For tests and small images: the archive is
  // sent from memory. Returns nothing that is worth reading: the image has the name that was asked.
  Result<void> import_image(std::string_view tar, std::string_view name,
                            const std::vector<std::string>& changes) const;

  // Errors: also NotFound, PermissionDenied, Unavailable: what the registry said, as far as the
  // engine tells; Conflict: cancelled. It may take an hour, of which five minutes in silence.
  Result<void> pull(const PullRequest& request) const;

  Result<Created> create(std::string_view name, const ContainerConfig& config) const;
  Result<Container> inspect(std::string_view id) const;
  // All that have this label, running or not.
  Result<std::vector<ContainerSummary>> list(std::string_view label) const;
  Result<void> start(std::string_view id) const;
  // 404 and 409 are successes: there is nothing left to end.
  Result<void> kill(std::string_view id, int signal) const;
  Result<void> resize(std::string_view id, unsigned rows, unsigned columns) const;
  // Ends it, and takes its anonymous volumes away, too. Success when it is gone already.
  Result<void> remove(std::string_view id) const;

  Result<Attached> attach(std::string_view id, bool with_stdin) const;
  // Asked after the start: of a container that has ended already it comes at once.
  Result<Waiting> wait_for_exit(std::string_view id) const;

 private:
  struct Request {
    std::string_view method;
    std::string path;  // after the version
    std::string_view content_type = "application/json";
    std::string_view body = {};
    std::chrono::milliseconds patience = std::chrono::seconds(60);
    bool upgrade = false;
    std::string headers = {};                                    // lines with their ends
    BodySource source = {};                                      // in place of `body`
    PieceSink sink = {};                                         // takes the body of a good answer
    std::chrono::milliseconds silence = std::chrono::hours(24);  // the longest within `patience`
    int cancel_fd = -1;
  };
  struct Reply {
    unsigned status = 0;
    std::string body;
  };

  explicit Client(Endpoint endpoint) : endpoint_(std::move(endpoint)) {}
  Result<Connection> send(const Request& request, const Until& until) const;
  Result<Reply> call(const Request& request) const;
  // The same, where everything but a good answer is an error.
  Result<std::string> must(const Request& request, std::string_view operation,
                           std::string_view subject) const;

  // The same, of an answer that tells of progress.
  Result<void> must_progress(Request request, const ProgressSink& sink, std::string_view operation,
                             std::string_view subject) const;

  Endpoint endpoint_;
  EngineVersion version_;
};

// Everything but letters, digits and "-._~" as %XX; a slash stays where `slashes` says so.
enum class Slashes { Encode, Keep };
std::string url_encode(std::string_view text, Slashes slashes = Slashes::Encode);

}  // namespace cordon::engine
