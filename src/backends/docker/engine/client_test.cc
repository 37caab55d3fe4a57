#include "engine/client.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace cordon::engine {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;
using namespace std::chrono_literals;

// An engine that says what it was told to, one answer a connection.
class CannedEngine {
 public:
  explicit CannedEngine(std::vector<std::string> answers) : answers_(std::move(answers)) {
    char text[] = "/tmp/cordon-engine-XXXXXX";
    directory_ = ::mkdtemp(text);
    const std::string path = socket_path();
    listener_ = UniqueFd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::strncpy(address.sun_path, path.c_str(), sizeof address.sun_path - 1);
    EXPECT_EQ(::bind(listener_.get(), reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
    EXPECT_EQ(::listen(listener_.get(), 8), 0);
    thread_ = std::thread([this] { serve(); });
  }
  ~CannedEngine() {
    ::shutdown(listener_.get(), SHUT_RDWR);
    thread_.join();
    std::filesystem::remove_all(directory_);
  }
  CannedEngine(const CannedEngine&) = delete;
  CannedEngine& operator=(const CannedEngine&) = delete;

  std::string socket_path() const { return directory_ + "/e.sock"; }
  Endpoint endpoint() const { return {Endpoint::Kind::Unix, socket_path(), {}, {}}; }
  std::string request(std::size_t index) {
    const std::scoped_lock lock(mutex_);
    return index < requests_.size() ? requests_[index] : "";
  }

 private:
  void serve() {
    for (const std::string& answer : answers_) {
      const UniqueFd peer(::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC));
      if (!peer.valid()) return;
      std::string request;
      std::array<char, 4096> buffer;
      while (!request.contains("\r\n\r\n")) {
        const ssize_t size = ::recv(peer.get(), buffer.data(), buffer.size(), 0);
        if (size <= 0) break;
        request.append(buffer.data(), static_cast<std::size_t>(size));
      }
      {
        const std::scoped_lock lock(mutex_);
        requests_.push_back(std::move(request));
      }
      ::send(peer.get(), answer.data(), answer.size(), MSG_NOSIGNAL);
      if (answer.empty()) ::recv(peer.get(), buffer.data(), buffer.size(), 0);  // silence
    }
  }

  std::vector<std::string> answers_;
  std::string directory_;
  UniqueFd listener_;
  std::mutex mutex_;
  std::vector<std::string> requests_;
  std::thread thread_;
};

std::string answer(std::string_view status, std::string_view body) {
  return std::string("HTTP/1.1 ")
      .append(status)
      .append("\r\nContent-Length: ")
      .append(std::to_string(body.size()))
      .append("\r\n\r\n")
      .append(body);
}

const std::string kVersion =
    "HTTP/1.1 200 OK\r\nApi-Version: 1.41\r\nServer: Docker/20.10.24+dfsg1 (linux)\r\n"
    "Content-Length: 2\r\n\r\nOK";

TEST(Client, SpeaksTheVersionThatWasAgreedOn) {
  CannedEngine engine({kVersion, answer("200 OK", R"({"CgroupVersion":"2","MemoryLimit":true,
      "SecurityOptions":["name=seccomp,profile=default","name=rootless"]})")});
  const auto client = Client::connect(engine.endpoint());
  ASSERT_TRUE(client) << client.error().message();
  EXPECT_EQ(client->version().api, "1.41");
  EXPECT_EQ(client->version().name, "Docker");
  const auto info = client->info();
  ASSERT_TRUE(info) << info.error().message();
  EXPECT_TRUE(info->memory_limit);
  EXPECT_FALSE(info->pids_limit);
  EXPECT_TRUE(info->has_security("seccomp"));
  EXPECT_TRUE(info->has_security("rootless"));
  EXPECT_FALSE(info->has_security("root"));
  EXPECT_EQ(client->version().version, "20.10.24+dfsg1");
  EXPECT_THAT(engine.request(0), StartsWith("GET /_ping HTTP/1.1\r\n"));
  EXPECT_THAT(engine.request(1), StartsWith("GET /v1.41/info HTTP/1.1\r\n"));
}

const std::string kPodman =
    "HTTP/1.1 200 OK\r\nApi-Version: 1.41\r\nServer: Libpod/4.3.1 (linux)\r\n"
    "Content-Length: 2\r\n\r\nOK";

TEST(Client, KnowsPodmanByItsPing) {
  CannedEngine engine({kPodman});
  const auto client = Client::connect(engine.endpoint());
  ASSERT_TRUE(client) << client.error().message();
  EXPECT_EQ(client->version().name, "Podman");
  EXPECT_EQ(client->version().version, "4.3.1");
  EXPECT_EQ(client->version().api, "1.41");
}

TEST(Client, KnowsPodmanByItsVersion) {
  const std::string nameless =
      "HTTP/1.1 200 OK\r\nApi-Version: 1.41\r\nContent-Length: 2\r\n\r\nOK";
  CannedEngine engine(
      {nameless,
       answer(
           "200 OK",
           R"({"ApiVersion":"1.41","MinAPIVersion":"1.24","Version":"4.3.1","Components":[{"Name":"Podman Engine"}]})")});
  const auto client = Client::connect(engine.endpoint());
  ASSERT_TRUE(client) << client.error().message();
  EXPECT_EQ(client->version().name, "Podman");
}

TEST(Client, ANewerEngineIsAskedWhatItStillKnows) {
  const std::string ping =
      "HTTP/1.1 200 OK\r\nApi-Version: 1.99\r\nServer: Docker/99.0 (linux)\r\n"
      "Content-Length: 2\r\n\r\nOK";
  for (const auto& [least, speaks] : {std::pair("1.44", true), std::pair("1.98", false)}) {
    CannedEngine engine(
        {ping, answer("200 OK", std::string(R"({"ApiVersion":"1.99","Version":"99.0",)") +
                                    R"("MinAPIVersion":")" + least + "\"}")});
    EXPECT_EQ(Client::connect(engine.endpoint()).has_value(), speaks) << least;
    EXPECT_THAT(engine.request(1), StartsWith("GET /version HTTP/1.1\r\n"));
  }
}

TEST(Client, ARefusalNamesWhatWasAsked) {
  CannedEngine engine({kVersion, answer("404 Not Found", R"({"message":"No such image: nope"})")});
  const auto client = Client::connect(engine.endpoint());
  ASSERT_TRUE(client);
  const auto image = client->image("x.y:5000/nope:1");
  ASSERT_FALSE(image);
  EXPECT_EQ(image.error().code, ErrorCode::NotFound);
  EXPECT_THAT(image.error().message(), HasSubstr("No such image: nope"));
  EXPECT_THAT(engine.request(1), StartsWith("GET /v1.41/images/x.y%3A5000/nope%3A1/json "));
}

TEST(Client, NobodyListens) {
  const auto client = Client::connect({Endpoint::Kind::Unix, "/nonexistent/docker.sock", {}, {}});
  ASSERT_FALSE(client);
  EXPECT_EQ(client.error().code, ErrorCode::Unavailable);
  EXPECT_NE(client.error().remedy, "");
}

TEST(Client, SilenceEndsInTime) {
  CannedEngine engine({""});
  const auto client = Client::connect(engine.endpoint(), 50ms);
  ASSERT_FALSE(client);
  EXPECT_EQ(client.error().code, ErrorCode::Unavailable);
  EXPECT_THAT(client.error().message(), HasSubstr("does not answer in time"));
  EXPECT_NE(client.error().remedy, "");
}

TEST(Client, AnAnswerThatBreaksOffIsAnError) {
  CannedEngine engine({"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{\"Api"});
  const auto client = Client::connect(engine.endpoint());
  ASSERT_FALSE(client);
  EXPECT_THAT(client.error().message(), HasSubstr("in the middle"));
}

TEST(Client, AnAnswerOfAnotherShapeIsAnError) {
  CannedEngine engine({kVersion, answer("200 OK", "[]"), answer("200 OK", "{"),
                       answer("200 OK", "{}"), answer("200 OK", R"({"Id":7})")});
  const auto client = Client::connect(engine.endpoint());
  ASSERT_TRUE(client);
  EXPECT_FALSE(client->image("a"));
  EXPECT_FALSE(client->inspect("a"));
  EXPECT_FALSE(client->list("a"));
  EXPECT_FALSE(client->inspect("a"));
}

TEST(Client, WhatIsGoneNeedsNoKill) {
  CannedEngine engine({kVersion, answer("404 Not Found", R"({"message":"no such container"})"),
                       answer("409 Conflict", R"({"message":"is not running"})"),
                       answer("500 Internal Server Error", R"({"message":"disk"})"),
                       answer("404 Not Found", "")});
  const auto client = Client::connect(engine.endpoint());
  ASSERT_TRUE(client);
  EXPECT_TRUE(client->kill("a", 9));
  EXPECT_TRUE(client->kill("a", 9));
  EXPECT_FALSE(client->kill("a", 9));
  EXPECT_TRUE(client->remove("a"));
}

BodySource pieces(std::vector<std::string> list) {
  auto left = std::make_shared<std::vector<std::string>>(std::move(list));
  auto held = std::make_shared<std::string>();
  return [left, held]() -> Result<std::string_view> {
    if (left->empty()) return std::string_view();
    *held = std::move(left->front());
    left->erase(left->begin());
    return *held;
  };
}

TEST(Client, PullsWithALoginAndTellsOfProgress) {
  CannedEngine engine(
      {kVersion, answer("200 OK",
                        "{\"status\":\"Downloading\",\"id\":\"l\",\"progressDetail\":"
                        "{\"current\":1,\"total\":2}}\r\n{\"status\":\"done\"}\r\n")});
  const auto client = Client::connect(engine.endpoint());
  ASSERT_TRUE(client);
  std::vector<std::string> seen;
  PullRequest request{.name = *parse_image_name("localhost:5000/a/b:1"), .platform = "linux/arm64"};
  request.login = RegistryLogin{"localhost:5000", "u", "p", ""};
  request.progress = [&](const Progress& one) { seen.push_back(one.layer + one.status); };
  const auto pulled = client->pull(request);
  ASSERT_TRUE(pulled) << pulled.error().message();
  EXPECT_EQ(seen, (std::vector<std::string>{"lDownloading", "done"}));
  EXPECT_THAT(engine.request(1), HasSubstr("POST /v1.41/images/create?fromImage=localhost%3A5000%2F"
                                           "a%2Fb&tag=1&platform=linux%2Farm64 "));
  EXPECT_THAT(engine.request(1), HasSubstr("\r\nX-Registry-Auth: " + request.login->header()));
}

TEST(Client, WhatARegistryRefusesIsToldApart) {
  struct Case {
    std::string said;
    ErrorCode code;
  };
  for (const Case& one :
       {Case{"toomanyrequests: slow down", ErrorCode::Unavailable},
        Case{"received unexpected HTTP status: 500 Internal Server Error", ErrorCode::Unavailable},
        Case{"unexpected EOF", ErrorCode::Unavailable},
        Case{"manifest unknown: manifest unknown", ErrorCode::NotFound},
        Case{"unauthorized: authentication required", ErrorCode::PermissionDenied},
        Case{"write /x: no space left on device", ErrorCode::ResourceExhausted}}) {
    CannedEngine engine({kVersion, answer("200 OK", "{\"error\":\"" + one.said + "\"}\r\n")});
    const auto client = Client::connect(engine.endpoint());
    ASSERT_TRUE(client);
    const auto pulled = client->pull({.name = *parse_image_name("a")});
    ASSERT_FALSE(pulled);
    EXPECT_EQ(pulled.error().code, one.code) << one.said;
    EXPECT_NE(pulled.error().remedy, "") << one.said;
    EXPECT_THAT(pulled.error().message(), HasSubstr("pull the image a:latest"));
  }
}

TEST(Client, BuildsFromAStreamAndGivesTheId) {
  CannedEngine engine(
      {kVersion, answer("200 OK",
                        "{\"stream\":\"Step 1\\n\"}\n{\"aux\":{\"ID\":\"sha256:7\"}}\n"
                        "{\"stream\":\"done\"}")});
  const auto client = Client::connect(engine.endpoint());
  ASSERT_TRUE(client);
  std::string said;
  const auto built = client->build({.context = pieces({"tar", "ball"}),
                                    .dockerfile = "D",
                                    .tags = {"x:1"},
                                    .arguments = {{"A", "\"1\""}},
                                    .progress = [&](const Progress& one) { said += one.text; }});
  ASSERT_TRUE(built) << built.error().message();
  EXPECT_EQ(*built, "sha256:7");
  EXPECT_EQ(said, "Step 1\ndone");
  EXPECT_THAT(engine.request(1), HasSubstr("networkmode=none"));
  EXPECT_THAT(engine.request(1), HasSubstr("&buildargs=%7B%22A%22%3A%22%5C%221%5C%22%22%7D"));
  EXPECT_THAT(engine.request(1), HasSubstr("Transfer-Encoding: chunked"));
}

TEST(Client, AnEngineThatRefusesInTheMiddleOfABodyIsHeard) {
  CannedEngine engine({kVersion, answer("400 Bad Request", R"({"message":"no such network"})")});
  const auto client = Client::connect(engine.endpoint());
  ASSERT_TRUE(client);
  // Far more than the buffers between take.
  int left = 1000;
  const std::string piece(64 << 10, 'x');
  const auto built =
      client->build({.context = [&]() -> Result<std::string_view> {
                       return left-- > 0 ? std::string_view(piece) : std::string_view();
                     },
                     .dockerfile = "D",
                     .tags = {}});
  ASSERT_FALSE(built);
  EXPECT_GT(left, 0);
}

TEST(Client, ASourceThatFailsEndsTheCall) {
  CannedEngine engine({kVersion, ""});
  const auto client = Client::connect(engine.endpoint());
  ASSERT_TRUE(client);
  const auto loaded = client->load(
      [] { return Result<std::string_view>(std::unexpected(system_error("read", "x", EIO))); },
      nullptr);
  ASSERT_FALSE(loaded);
  EXPECT_EQ(loaded.error().sys_errno, EIO);
}

TEST(Client, CopiesOutPieceByPiece) {
  CannedEngine engine(
      {kVersion,
       "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n",
       answer("404 Not Found", R"({"message":"Could not find the file /y"})"),
       "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc"});
  const auto client = Client::connect(engine.endpoint());
  ASSERT_TRUE(client);
  std::string got;
  const PieceSink sink = [&](std::string_view piece) -> Result<void> {
    got += piece;
    return {};
  };
  ASSERT_TRUE(client->copy_out("c", "/x y", sink));
  EXPECT_EQ(got, "abcde");
  EXPECT_THAT(engine.request(1), StartsWith("GET /v1.41/containers/c/archive?path=%2Fx%20y "));
  EXPECT_EQ(client->copy_out("c", "/y", sink).error().code, ErrorCode::NotFound);
  EXPECT_THAT(client->copy_out("c", "/z", sink).error().message(), HasSubstr("in the middle"));
}

TEST(Client, ListsWhatHasALabel) {
  CannedEngine engine(
      {kVersion, answer("200 OK", R"([{"Id":"i","RepoTags":["a:1",7],"Labels":{"l":"v"}},3])"),
       answer("200 OK", R"({"Volumes":[{"Name":"v","Labels":{"l":"1"}}]})"),
       answer("200 OK", R"([{"Id":"n","Labels":null}])"), answer("200 OK", R"({"Volumes":null})"),
       answer("200 OK", "{}")});
  const auto client = Client::connect(engine.endpoint());
  ASSERT_TRUE(client);
  const auto images = client->images("l", Client::Tagged::No);
  ASSERT_TRUE(images && images->size() == 1);
  EXPECT_EQ(images->front().tags, std::vector<std::string>{"a:1"});
  EXPECT_EQ(client->volumes("l")->front().id, "v");
  EXPECT_EQ(client->networks("l")->front().id, "n");
  EXPECT_TRUE(client->volumes("l")->empty());
  EXPECT_FALSE(client->networks("l"));
}

TEST(Client, RunsOneMoreCommand) {
  CannedEngine engine({kVersion, answer("201 Created", R"({"Id":"e"})"),
                       "HTTP/1.1 101 UPGRADED\r\n\r\n",
                       answer("200 OK", R"({"Running":false,"ExitCode":3,"Pid":0})"),
                       answer("409 Conflict", R"({"message":"container is not running"})")});
  const auto client = Client::connect(engine.endpoint());
  ASSERT_TRUE(client);
  ExecConfig config;
  config.command = {"sh", "-c", "x"};
  const auto id = client->create_exec("c", config);
  ASSERT_TRUE(id);
  EXPECT_EQ(*id, "e");
  EXPECT_TRUE(client->start_exec("e"));
  const auto state = client->inspect_exec("e");
  ASSERT_TRUE(state);
  EXPECT_EQ(state->exit_code, 3);
  EXPECT_FALSE(state->running);
  EXPECT_EQ(client->create_exec("c", config).error().code, ErrorCode::Conflict);
}

TEST(Client, MeasuresAndListens) {
  CannedEngine engine(
      {kVersion, answer("200 OK", R"({"cpu_stats":{"cpu_usage":{"total_usage":5}},
                            "memory_stats":{"usage":6,"max_usage":7}})"),
       answer("200 OK", "{\"Type\":\"container\",\"Action\":\"die\",\"Actor\":{\"ID\":\"c\"}}\n")});
  const auto client = Client::connect(engine.endpoint());
  ASSERT_TRUE(client);
  const auto usage = client->usage("c");
  ASSERT_TRUE(usage);
  EXPECT_EQ(usage->cpu_time_ns, 5U);
  EXPECT_EQ(usage->memory_peak_bytes, 7U);
  std::vector<std::string> seen;
  ASSERT_TRUE(client->events(
      "l", [&](const Event& event) { seen.push_back(event.type + event.action + event.id); }, -1));
  EXPECT_EQ(seen, std::vector<std::string>{"containerdiec"});
}

TEST(Client, HearsOfPodmanWhatHasTheLabel) {
  const auto event = [](const std::string& id, const std::string& label) {
    return R"({"Type":"container","Action":"die","Actor":{"ID":")" + id + R"(","Attributes":{)" +
           label + "}}}\n";
  };
  for (const auto& [label, heard] :
       {std::pair("l", std::vector<std::string>{"a", "b"}), {"l=1", {"a"}}, {"l=", {}}}) {
    CannedEngine engine(
        {kPodman, answer("200 OK", event("a", R"("l":"1")") + event("b", R"("l":"2")") +
                                       event("c", R"("m":"1")") + event("d", ""))});
    const auto client = Client::connect(engine.endpoint());
    ASSERT_TRUE(client);
    std::vector<std::string> seen;
    const auto listen = [&](const Event& one) { seen.push_back(one.id); };
    ASSERT_TRUE(client->events(label, listen, -1));
    EXPECT_EQ(seen, heard) << label;
    EXPECT_THAT(engine.request(1), StartsWith("GET /v1.41/events HTTP"));
  }
}

TEST(Client, GivesPodmansBuildsNoNetworkOfTheHosts) {
  for (const auto network : {BuildRequest::Network::None, BuildRequest::Network::Bridge}) {
    CannedEngine engine({kPodman, answer("200 OK", "{\"aux\":{\"ID\":\"sha256:7\"}}\n")});
    const auto client = Client::connect(engine.endpoint());
    ASSERT_TRUE(client);
    ASSERT_TRUE(client->build({.context = pieces({"tar"}),
                               .dockerfile = "D",
                               .tags = {},
                               .network = network,
                               .control_group = "/group"}));
    const bool none = network == BuildRequest::Network::None;
    EXPECT_THAT(engine.request(1),
                HasSubstr(none ? "networkmode=NetworkDisabled&"
                               : "networkmode=NetworkEnabled&nsoptions=%5B%7B%22Name%22"));
    EXPECT_THAT(engine.request(1), HasSubstr("cgroupparent=%2Fgroup"));
  }
}

TEST(Client, ShortensPodmansNames) {
  CannedEngine engine({kPodman, answer("200 OK", R"([{"Id":"1","RepoTags":["docker.io/library/a:1",
                                      "docker.io/b/c:1","localhost/d:1"]}])")});
  const auto client = Client::connect(engine.endpoint());
  ASSERT_TRUE(client);
  const auto images = client->images("l", Client::Tagged::Any);
  ASSERT_TRUE(images) << images.error().message();
  EXPECT_THAT(images->front().tags, ElementsAre("a:1", "b/c:1", "localhost/d:1"));
}

TEST(Client, AWaitCanBeCancelled) {
  CannedEngine engine({kVersion, ""});
  const auto client = Client::connect(engine.endpoint());
  ASSERT_TRUE(client);
  const UniqueFd cancelled(::eventfd(1, EFD_CLOEXEC));
  const auto pulled = client->pull({.name = *parse_image_name("a"), .cancel_fd = cancelled.get()});
  ASSERT_FALSE(pulled);
  EXPECT_EQ(pulled.error().code, ErrorCode::Conflict);
}

TEST(Client, AttachHandsOverWhatCameEarly) {
  CannedEngine engine({kVersion, std::string("HTTP/1.1 101 UPGRADED\r\nUpgrade: tcp\r\n\r\n") +
                                     std::string("\1\0\0\0\0\0\0\2hi", 10)});
  const auto client = Client::connect(engine.endpoint());
  ASSERT_TRUE(client);
  const auto attached = client->attach("c", false);
  ASSERT_TRUE(attached) << attached.error().message();
  EXPECT_TRUE(attached->fd.valid());
  EXPECT_THAT(engine.request(1), HasSubstr("Upgrade: tcp"));
}

TEST(Json, AContainerIsReadBackAsItWasWritten) {
  ContainerConfig config;
  config.image = "img";
  config.command = {"sh", "-c", "echo \"\n\""};
  config.user = "65532:65532";
  config.host.read_only_root = true;
  config.host.cap_drop = {"ALL"};
  config.host.memory = 1 << 20;
  config.host.ulimits = {{"nofile", 10, 20}};
  config.host.tmpfs = {{"/tmp", "size=1"}};
  const std::string written = to_json(config);
  const auto host = written.find("\"HostConfig\":");
  ASSERT_NE(host, std::string::npos);
  const auto read = read_container(R"({"Id":"x","Config":)" + written + "," + written.substr(host));
  ASSERT_TRUE(read) << read.error().message();
  EXPECT_EQ(read->config.command, config.command);
  EXPECT_EQ(read->config.user, config.user);
  EXPECT_TRUE(read->config.host.read_only_root);
  EXPECT_EQ(read->config.host.cap_drop, config.host.cap_drop);
  EXPECT_EQ(read->config.host.memory, config.host.memory);
  EXPECT_EQ(read->config.host.ulimits, config.host.ulimits);
  EXPECT_EQ(read->config.host.tmpfs, config.host.tmpfs);
  EXPECT_FALSE(read->config.host.privileged);
  EXPECT_THAT(written, Not(HasSubstr("Binds")));
}

TEST(Json, NumbersOutOfRangeAndWrongTypesReadAsAbsent) {
  const auto read = read_container(
      R"({"Id":"x","HostConfig":{"Memory":"lots","CapDrop":[1,"ALL"],"NanoCpus":1e99,"Mounts":7},
          "State":{"ExitCode":null,"Pid":99999999999999999999},"Mounts":[3,{"Type":"volume","Destination":"/v"}]})");
  ASSERT_TRUE(read) << read.error().message();
  EXPECT_EQ(read->config.host.memory, 0);
  EXPECT_EQ(read->config.host.cap_drop, std::vector<std::string>{"ALL"});
  EXPECT_EQ(read->volumes, std::vector<std::string>{"/v"});
}

}  // namespace
}  // namespace cordon::engine
