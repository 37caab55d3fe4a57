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

struct BuildRequest {
  BodySource context;      // a tar archive
  std::string dockerfile;  // its name in the archive
  std::vector<std::string> tags;
  Pairs arguments = {};
  Pairs labels = {};
  std::string platform = {};
  std::string target = {};
  enum class Network { None, Bridge };
  Network network = Network::None;
  std::string control_group = {};  // of what runs; empty: the engine's choice
  std::int64_t memory = 0;         // bytes, swap included; 0: unlimited
  enum class Cache { Use, Ignore };
  Cache cache = Cache::Use;
  ProgressSink progress = {};
  std::chrono::milliseconds patience = std::chrono::minutes(10);
  int cancel_fd = -1;
};

// Thread-safe: each call has a connection of its own. Errors of all calls: those of Connection, and
// what refusal() makes of the engine's answer; Unavailable when no answer came in time.
class Client {
 public:
  // Asks the engine for its version. Errors: also those of negotiate_api().
  static Result<Client> connect(Endpoint endpoint,
                                std::chrono::milliseconds patience = std::chrono::seconds(5));

  // The same, whose calls all end then at the latest. The engine may go on with what it was asked.
  Client until(Deadline latest) const;

  const Endpoint& endpoint() const { return endpoint_; }
  const EngineVersion& version() const { return version_; }

  Result<EngineInfo> info() const;
  Result<Image> image(std::string_view name) const;
  // Makes an image of a tar archive of a root directory.
  Result<void> import_image(BodySource tar, const ImageName& name,
                            const std::vector<std::string>& changes) const;
  // Takes in what `docker save` wrote.
  Result<void> load(BodySource tar, const ProgressSink& progress) const;
  // Those with this label ("name" or "name=value"); `dangling`: that no tag names.
  enum class Tagged { Any, No };
  Result<std::vector<ImageSummary>> images(std::string_view label, Tagged tagged) const;
  Result<void> tag(std::string_view image, const ImageName& name) const;
  // Success when it is gone already. Errors: Conflict: something is made of it.
  Result<void> remove_image(std::string_view name) const;
  // The id of what was built. Errors: those of the build, with what it said; Conflict: cancelled.
  Result<std::string> build(const BuildRequest& request) const;
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
  Result<void> rename(std::string_view id, std::string_view name) const;
  // Kills all that runs in it, and starts it again.
  Result<void> restart(std::string_view id) const;

  // One more command in a running container: its streams. Its id is that of inspect_exec().
  Result<std::string> create_exec(std::string_view container, const ExecConfig& config) const;
  Result<Attached> start_exec(std::string_view id) const;
  Result<ExecState> inspect_exec(std::string_view id) const;

  // Files of a container, running or not, as a tar archive.
  Result<void> copy_out(std::string_view container, std::string_view path,
                        const PieceSink& sink) const;
  Result<void> copy_in(std::string_view container, std::string_view directory,
                       BodySource tar) const;
  Result<Usage> usage(std::string_view container) const;
  // What happens to objects with this label, until `cancel_fd` is readable, which is success.
  // Podman tells it of containers only.
  Result<void> events(std::string_view label, const std::function<void(const Event&)>& sink,
                      int cancel_fd) const;

  Result<void> create_volume(std::string_view name, const Pairs& labels) const;
  Result<std::vector<Labelled>> volumes(std::string_view label) const;
  Result<void> remove_volume(std::string_view name) const;
  // Without a way out: containers on it reach each other.
  Result<std::string> create_internal_network(std::string_view name, const Pairs& labels) const;
  Result<std::vector<Labelled>> networks(std::string_view label) const;
  Result<void> remove_network(std::string_view id) const;
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
    // Of the head.
    std::string server;
    std::string api_version;
  };

  // What a ping tells, where that is all there is to know.
  static std::optional<EngineVersion> version_of(const Reply& ping);
  explicit Client(Endpoint endpoint) : endpoint_(std::move(endpoint)) {}
  Result<Connection> send(const Request& request, const Until& until) const;
  Result<Reply> call(const Request& request) const;
  // The same, where everything but a good answer is an error.
  Result<std::string> must(const Request& request, std::string_view operation,
                           std::string_view subject) const;

  // DELETE, where 404 is success.
  Result<void> must_be_gone(std::string path, std::string_view operation,
                            std::string_view subject) const;
  // A good answer hands the connection over.
  Result<Attached> hijack(const Request& request, std::string_view operation,
                          std::string_view subject) const;
  // The same, of an answer that tells of progress.
  Result<void> must_progress(Request request, const ProgressSink& sink, std::string_view operation,
                             std::string_view subject) const;

  Endpoint endpoint_;
  EngineVersion version_;
  Deadline latest_ = Deadline::max();
};

// Everything but letters, digits and "-._~" as %XX; a slash stays where `slashes` says so.
enum class Slashes { Encode, Keep };
std::string url_encode(std::string_view text, Slashes slashes = Slashes::Encode);

// Where an image is, by its name or id. Errors: those of check_image_reference().
Result<std::string> image_path(std::string_view name, std::string_view what = {});

}  // namespace cordon::engine
