// Drives the client of the engine's API for client_test.py, with the engine of DOCKER_HOST: one
// part an argument, each of which says in one line what it saw.
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <functional>
#include <iostream>
#include <map>
#include <mutex>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "core/try.h"
#include "core/unique_fd.h"
#include "engine/client.h"
#include "engine/frames.h"

namespace {

using namespace cordon;
using namespace std::chrono_literals;

using Said = Result<std::string>;
using Words = std::vector<std::string>;

engine::BodySource in_pieces(std::string bytes) {
  return [whole = std::move(bytes), at = std::size_t{0}]() mutable -> Result<std::string_view> {
    constexpr std::size_t kPiece = 1000;
    const std::string_view piece = std::string_view(whole).substr(at, kPiece);
    at += piece.size();
    return piece;
  };
}

std::string all_of(std::istream& input) {
  return {std::istreambuf_iterator<char>(input), std::istreambuf_iterator<char>()};
}

// Both streams of an attached command, until its end.
Result<std::pair<std::string, std::string>> listen(engine::Attached attached) {
  engine::FrameReader frames;
  std::pair<std::string, std::string> heard;
  const auto take = [&](std::string_view bytes) {
    return frames.feed(bytes, [&](engine::FrameStream stream, std::string_view content) {
      (stream == engine::FrameStream::Out ? heard.first : heard.second) += content;
    });
  };
  TRY(take(attached.first));
  for (;;) {
    pollfd entry{attached.fd.get(), POLLIN, 0};
    if (::poll(&entry, 1, 20'000) <= 0) return std::unexpected(Error{.detail = "it is silent"});
    char buffer[4096];
    const ssize_t size = ::recv(attached.fd.get(), buffer, sizeof buffer, 0);
    if (size < 0 && (errno == EAGAIN || errno == EINTR)) continue;
    if (size <= 0) return heard;
    TRY(take({buffer, static_cast<std::size_t>(size)}));
  }
}

// A container of "base" that waits; removed in the end.
class Waits {
 public:
  static Result<Waits> start(const engine::Client& client, const std::string& image,
                             const engine::Pairs& labels) {
    engine::ContainerConfig config;
    config.image = image;
    config.command = {"/bin/sleep", "100"};
    config.user = "4321:4321";
    config.working_dir = "/tmp";
    config.labels = labels;
    config.host.network_mode = "none";
    config.host.ulimits = {{"nofile", 1024, 1024}, {"nproc", 1024, 1024}};
    auto created = TRY(client.create("client-test", config));
    Waits waits(client, created.id);
    TRY(client.start(created.id));
    return waits;
  }
  Waits(Waits&& other) noexcept : client_(other.client_), id_(std::exchange(other.id_, {})) {}
  Waits& operator=(Waits&&) = delete;
  ~Waits() {
    if (!id_.empty()) (void)client_.remove(id_);
  }
  const std::string& id() const { return id_; }

 private:
  Waits(const engine::Client& client, std::string id) : client_(client), id_(std::move(id)) {}

  const engine::Client& client_;
  std::string id_;
};

// NAME: imports what comes on standard input, gives it a second name, and takes that away again.
Said images(const engine::Client& client, const Words& words) {
  const engine::ImageName name = TRY(engine::parse_image_name(words.at(0)));
  TRY(client.import_image(in_pieces(all_of(std::cin)), name,
                          {"ENV PATH=/bin", "LABEL io.cordon.client=yes"}));
  const auto image = TRY(client.image(words.at(0)));
  TRY(client.tag(words.at(0), TRY(engine::parse_image_name("second:name"))));
  std::string tags;
  for (const auto& one : TRY(client.images("io.cordon.client=yes", engine::Client::Tagged::Any))) {
    std::vector<std::string> sorted = one.tags;
    std::ranges::sort(sorted);
    for (const std::string& tag : sorted) tags += tag + " ";
  }
  TRY(client.remove_image("second:name"));
  TRY(client.remove_image("second:name"));
  const auto missing = client.image("second:name");
  return tags + (missing ? "there" : std::string(to_string(missing.error().code))) + " " +
         image.environment.at(0);
}

// Takes in what `docker save` wrote, which comes on standard input, and says its id.
Said load(const engine::Client& client, const Words& words) {
  TRY(client.load(in_pieces(all_of(std::cin)), nullptr));
  return TRY(client.image(words.at(0))).id;
}

Said exec(const engine::Client& client, const Words& words) {
  const Waits waits = TRY(Waits::start(client, words.at(0), {}));
  engine::ExecConfig config;
  config.command = {"/bin/sh", "-c", "echo out; echo err >&2; echo $A; id -u; pwd; exit 7"};
  config.environment = {"A=of-exec"};
  const std::string exec = TRY(client.create_exec(waits.id(), config));
  const auto [out, err] = TRY(listen(TRY(client.start_exec(exec))));
  engine::ExecState state;
  do {
    state = TRY(client.inspect_exec(exec));
  } while (state.running);
  std::string text = out + "|" + err + "|" + std::to_string(state.exit_code);
  std::ranges::replace(text, '\n', ' ');
  return text;
}

// Copies an archive from standard input into /tmp, and out again.
Said archive(const engine::Client& client, const Words& words) {
  const Waits waits = TRY(Waits::start(client, words.at(0), {}));
  TRY(client.copy_in(waits.id(), "/tmp", in_pieces(all_of(std::cin))));
  std::string bytes;
  TRY(client.copy_out(waits.id(), "/tmp/inner", [&](std::string_view piece) -> Result<void> {
    bytes += piece;
    return {};
  }));
  const auto missing =
      client.copy_out(waits.id(), "/nothing", [](std::string_view) { return Result<void>(); });
  return (bytes.contains("what was copied") ? "copied " : "lost ") +
         std::string(missing ? "there" : to_string(missing.error().code));
}

Said stats(const engine::Client& client, const Words& words) {
  const Waits waits = TRY(Waits::start(client, words.at(0), {}));
  const auto usage = TRY(client.usage(waits.id()));
  return std::string(usage.cpu_time_ns > 0 ? "cpu " : "") +
         (usage.memory_bytes > 0 ? "memory" : "");
}

Said wait(const engine::Client& client, const Words& words) {
  const Waits waits = TRY(Waits::start(client, words.at(0), {}));
  engine::Waiting waiting = TRY(client.wait_for_exit(waits.id()));
  TRY(client.kill(waits.id(), 9));
  while (!waiting.reader.done()) {
    pollfd entry{waiting.fd.get(), POLLIN, 0};
    if (::poll(&entry, 1, 20'000) <= 0) return std::unexpected(Error{.detail = "it is silent"});
    char buffer[4096];
    const ssize_t size = ::recv(waiting.fd.get(), buffer, sizeof buffer, 0);
    if (size < 0) continue;
    TRY(size == 0 ? waiting.reader.end()
                  : waiting.reader.feed({buffer, static_cast<std::size_t>(size)}));
  }
  return std::to_string(TRY(engine::read_waited(waiting.reader.take_body())).exit_code);
}

Said volumes(const engine::Client& client, const Words& /*words*/) {
  const engine::Pairs labels = {{"io.cordon.client", "yes"}};
  TRY(client.create_volume("client-volume", labels));
  const auto found = TRY(client.volumes("io.cordon.client"));
  const auto others = TRY(client.volumes("io.cordon.client=no"));
  TRY(client.remove_volume("client-volume"));
  TRY(client.remove_volume("client-volume"));
  return found.at(0).id + " " + std::to_string(others.size()) + " " +
         std::to_string(TRY(client.volumes("io.cordon.client")).size());
}

Said networks(const engine::Client& client, const Words& /*words*/) {
  const std::string id =
      TRY(client.create_internal_network("client-network", {{"io.cordon.client", "yes"}}));
  const auto found = TRY(client.networks("io.cordon.client"));
  TRY(client.remove_network(id));
  TRY(client.remove_network(id));
  return std::string(found.at(0).id == id ? "same " : "other ") +
         std::to_string(TRY(client.networks("io.cordon.client")).size());
}

// What is told of one container, while another one without its label lives, too.
Said events(const engine::Client& client, const Words& words) {
  const UniqueFd enough(::eventfd(0, EFD_CLOEXEC));
  std::map<std::string, int> seen;
  std::mutex mutex;
  Result<void> ended;
  std::thread listener([&] {
    ended = client.events(
        "io.cordon.client",
        [&](const engine::Event& event) {
          const std::scoped_lock lock(mutex);
          if (event.type == "container") ++seen[event.action];
          const std::uint64_t one = 1;
          if (event.action == "die") (void)!::write(enough.get(), &one, sizeof one);
        },
        enough.get());
  });
  std::this_thread::sleep_for(300ms);  // it listens: what came before is not told
  {
    const auto other = Waits::start(client, words.at(0), {{"io.other", "yes"}});
  }
  {
    const auto waits = Waits::start(client, words.at(0), {{"io.cordon.client", "yes"}});
  }
  listener.join();
  TRY(std::move(ended));
  std::string text;
  for (const char* const action : {"create", "start", "die"}) {
    text += std::string(action) + "x" + std::to_string(seen[action]) + " ";
  }
  return text;
}

}  // namespace

int main(int argc, char** argv) {
  const std::map<std::string, Said (*)(const engine::Client&, const Words&)> parts = {
      {"images", images},   {"load", load},         {"exec", exec},
      {"archive", archive}, {"stats", stats},       {"wait", wait},
      {"volumes", volumes}, {"networks", networks}, {"events", events}};
  if (argc < 2 || !parts.contains(argv[1])) return 2;
  const auto said = [&]() -> Said {
    const auto client = TRY(engine::Client::connect(TRY(engine::endpoint_of_environment())));
    return parts.at(argv[1])(client, Words(argv + 2, argv + argc));
  }();
  std::cout << (said ? *said : "error " + said.error().message()) << "\n";
  return said ? 0 : 1;
}
