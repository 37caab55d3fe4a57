#include "engine/endpoint.h"

#include <gtest/gtest.h>

#include <cstdlib>

#include "engine/api_version.h"

namespace cordon::engine {
namespace {

TEST(Endpoint, Sockets) {
  const auto found = parse_endpoint("unix:///run/user/1000/docker.sock");
  ASSERT_TRUE(found);
  EXPECT_EQ(found->path, "/run/user/1000/docker.sock");
  EXPECT_EQ(found->text(), "unix:///run/user/1000/docker.sock");
}

TEST(Endpoint, Addresses) {
  for (const auto& [text, host, port] :
       {std::tuple("tcp://localhost:2376", "localhost", "2376"),
        std::tuple("tcp://127.0.0.1", "127.0.0.1", "2375"),
        std::tuple("tcp://[::1]:2375/", "::1", "2375"), std::tuple("tcp://[::1]", "::1", "2375")}) {
    const auto found = parse_endpoint(text);
    ASSERT_TRUE(found) << text;
    EXPECT_EQ(found->kind, Endpoint::Kind::Tcp);
    EXPECT_EQ(found->host, host);
    EXPECT_EQ(found->port, port);
  }
}

TEST(Endpoint, NonsenseIsRefused) {
  for (const char* text :
       {"", "docker.sock", "unix://docker.sock", "ssh://host", "tcp://",
        "tcp://host:", "tcp://host:http", "tcp://host:123456", "tcp://a/b:1", "http://host:1"}) {
    const auto found = parse_endpoint(text);
    ASSERT_FALSE(found) << text;
    EXPECT_EQ(found.error().code, ErrorCode::InvalidArgument);
  }
}

class Environment : public ::testing::Test {
 protected:
  void TearDown() override {
    for (const char* name :
         {"DOCKER_HOST", "DOCKER_TLS_VERIFY", "DOCKER_TLS", "DOCKER_CERT_PATH"}) {
      ::unsetenv(name);
    }
  }
  static void set(const char* name, const char* value) { ::setenv(name, value, 1); }
};

TEST_F(Environment, TlsIsVerifiedOrRefused) {
  set("DOCKER_HOST", "tcp://127.0.0.1");
  EXPECT_EQ(endpoint_of_environment()->tls, std::nullopt);
  EXPECT_EQ(endpoint_of_environment()->port, "2375");
  set("DOCKER_TLS", "1");
  EXPECT_EQ(endpoint_of_environment().error().code, ErrorCode::InvalidArgument);
  set("DOCKER_TLS_VERIFY", "1");
  set("DOCKER_CERT_PATH", "/nonexistent/certs");
  const auto found = endpoint_of_environment();
  ASSERT_TRUE(found) << found.error().message();
  ASSERT_TRUE(found->tls);
  EXPECT_EQ(found->tls->authority, "/nonexistent/certs/ca.pem");
  EXPECT_EQ(found->tls->certificate, "") << "it is not there";
  EXPECT_EQ(found->port, "2376");
  set("DOCKER_HOST", "unix:///run/d.sock");
  EXPECT_EQ(endpoint_of_environment()->tls, std::nullopt) << "a socket has none";
}

TEST(ApiVersion, TheNewestBothKnow) {
  EXPECT_EQ(negotiate_api("1.41", "1.12"), "1.41");
  EXPECT_EQ(negotiate_api("1.43", ""), "1.43");
  EXPECT_EQ(negotiate_api("1.99", "1.24"), kMostApi);
  EXPECT_EQ(negotiate_api("2.0", "1.44"), kMostApi);
}

TEST(ApiVersion, TooOldTooNewOrNone) {
  for (const auto& [api, least] :
       {std::pair("1.40", "1.12"), std::pair("1.9", ""), std::pair("1.99", "1.98")}) {
    const auto refused = negotiate_api(api, least);
    ASSERT_FALSE(refused) << api;
    EXPECT_EQ(refused.error().code, ErrorCode::Unsupported);
    EXPECT_NE(refused.error().remedy, "");
  }
  for (const char* nonsense : {"", "1", "1.", ".4", "1.4x", "one.two", "-1.4", "1.4.1"}) {
    EXPECT_FALSE(negotiate_api(nonsense, "")) << nonsense;
  }
}

}  // namespace
}  // namespace cordon::engine
