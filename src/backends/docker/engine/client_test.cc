#include "engine/client.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace cordon::engine {
namespace {

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
    answer("200 OK", R"({"ApiVersion":"1.41","MinAPIVersion":"1.12","Version":"20.10.24"})");

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
  EXPECT_THAT(engine.request(0), StartsWith("GET /version HTTP/1.1\r\n"));
  EXPECT_THAT(engine.request(1), StartsWith("GET /v1.41/info HTTP/1.1\r\n"));
}

TEST(Client, KnowsPodman) {
  CannedEngine engine({answer(
      "200 OK",
      R"({"ApiVersion":"1.41","MinAPIVersion":"1.24","Version":"4.3.1","Components":[{"Name":"Podman Engine"}]})")});
  const auto client = Client::connect(engine.endpoint());
  ASSERT_TRUE(client) << client.error().message();
  EXPECT_EQ(client->version().name, "Podman");
}

TEST(Client, ARefusalNamesWhatWasAsked) {
  CannedEngine engine({kVersion, answer("404 Not Found", R"({"message":"No such image: nope"})")});
  const auto client = Client::connect(engine.endpoint());
  ASSERT_TRUE(client);
  const auto image = client->image("../nope?x=1");
  ASSERT_FALSE(image);
  EXPECT_EQ(image.error().code, ErrorCode::NotFound);
  EXPECT_THAT(image.error().message(), HasSubstr("No such image: nope"));
  EXPECT_THAT(engine.request(1), StartsWith("GET /v1.41/images/../nope%3Fx%3D1/json "));
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
