#include "server/authenticate.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "server/go_duration.h"
#include "server/trace_context.h"

namespace cordon::server {
namespace {

Request request_with(std::initializer_list<std::pair<const char*, const char*>> headers) {
  Request request;
  request.set_line("GET", "/", 1);
  for (const auto& [name, value] : headers) request.add_header(name, value);
  return request;
}

class Authentication : public testing::Test {
 protected:
  Authentication() {
    ApiKey key;
    key.name = "ci";
    key.hash = hash_of_key(secret_);
    authenticator_.set_keys({key});
  }

  std::string secret_ = make_api_key().value();
  Peer tcp_{.kind = PeerKind::Tcp, .groups = {}, .address = "127.0.0.1"};
  Authenticator authenticator_{AccessRules{.own_uid = 100,
                                           .users = {200},
                                           .groups = {300},
                                           .hosts = {"cordon.example"},
                                           .origins = {"https://console.example"}}};
  Denial denial_;
};

TEST_F(Authentication, ThePeersUidDecidesOnTheUnixSocket) {
  const auto as = [&](uid_t uid, gid_t gid, std::vector<gid_t> groups = {}) {
    const Peer peer{.kind = PeerKind::UnixSocket,
                    .uid = uid,
                    .gid = gid,
                    .pid = 1,
                    .groups = std::move(groups),
                    .address = {}};
    return authenticator_.identify(request_with({}), peer, denial_);
  };
  EXPECT_EQ(as(0, 0)->caller.role, CallerRole::Administrator);
  EXPECT_EQ(as(100, 1)->caller.role, CallerRole::Administrator);
  EXPECT_EQ(as(200, 1)->caller.role, CallerRole::User);
  EXPECT_EQ(as(201, 300)->caller.name, "uid:201");
  EXPECT_EQ(as(201, 301, {302, 300})->caller.role, CallerRole::User);
  EXPECT_FALSE(as(201, 301, {302}));
  EXPECT_FALSE(as(201, 301));
  EXPECT_EQ(denial_.status, 403);
}

TEST_F(Authentication, AKeyDecidesOnTcp) {
  const auto with = [&](const std::string& header) {
    return authenticator_.identify(request_with({{"Authorization", header.c_str()}}), tcp_,
                                   denial_);
  };
  ASSERT_TRUE(with("Bearer " + secret_));
  EXPECT_EQ(with("bearer " + secret_)->caller.name, "key:ci");
  EXPECT_EQ(with("Bearer " + secret_)->caller.role, CallerRole::User);
  EXPECT_FALSE(with("Bearer " + secret_ + "0"));
  EXPECT_FALSE(with("Bearer "));
  EXPECT_FALSE(with(secret_));
  EXPECT_FALSE(with("Basic " + secret_));
  EXPECT_FALSE(authenticator_.identify(request_with({}), tcp_, denial_));
  EXPECT_EQ(denial_.status, 401);
  EXPECT_EQ(denial_.message.find(secret_), std::string::npos);
}

TEST_F(Authentication, EnvironmentsAreAGrantOfTheKey) {
  ApiKey granted;
  granted.name = "builder";
  const std::string secret = make_api_key().value();
  granted.hash = hash_of_key(secret);
  granted.environments = EnvironmentGrant::Own;
  ApiKey plain = granted;
  plain.name = "ci";
  plain.hash = hash_of_key(secret_);
  plain.environments = EnvironmentGrant::None;
  authenticator_.set_keys({granted, plain});
  const auto grant_of = [&](const std::string& key) {
    const std::string header = "Bearer " + key;
    return authenticator_
        .identify(request_with({{"Authorization", header.c_str()}}), tcp_, denial_)
        ->environments;
  };
  EXPECT_EQ(grant_of(secret), EnvironmentGrant::Own);
  EXPECT_EQ(grant_of(secret_), EnvironmentGrant::None);
}

TEST_F(Authentication, ARevokedKeyIsNobody) {
  authenticator_.set_keys({});
  const std::string header = "Bearer " + secret_;
  EXPECT_FALSE(
      authenticator_.identify(request_with({{"Authorization", header.c_str()}}), tcp_, denial_));
}

TEST_F(Authentication, ANameThatWasMadeToMeanThisMachineIsRefused) {
  const auto host = [&](const char* name) {
    return authenticator_.check_browser(request_with({{"Host", name}}), tcp_).has_value();
  };
  EXPECT_FALSE(host("localhost:8080"));
  EXPECT_FALSE(host("127.0.0.1"));
  EXPECT_FALSE(host("[::1]:80"));
  EXPECT_FALSE(host("CORDON.example:80"));
  EXPECT_TRUE(host("evil.example"));
  EXPECT_TRUE(host("localhost.evil.example"));
  EXPECT_TRUE(host("127.0.0.1.evil.example:80"));
  EXPECT_TRUE(host(""));
}

TEST_F(Authentication, PagesAreRefusedUnlessConfigured) {
  const auto denied = [&](std::initializer_list<std::pair<const char*, const char*>> headers) {
    auto request = request_with(headers);
    request.add_header("Host", "localhost");
    return authenticator_.check_browser(request, tcp_).has_value();
  };
  EXPECT_FALSE(denied({}));
  EXPECT_FALSE(denied({{"Origin", "https://console.example"}}));
  EXPECT_TRUE(denied({{"Origin", "https://evil.example"}}));
  EXPECT_TRUE(denied({{"Origin", "null"}}));
  EXPECT_TRUE(denied({{"Origin", ""}}));
  EXPECT_TRUE(denied({{"Origin", "http://localhost"}}));
  EXPECT_TRUE(denied({{"Sec-Fetch-Site", "cross-site"}}));
  EXPECT_FALSE(denied({{"Sec-Fetch-Site", "none"}}));
}

TEST(TraceContext, TakesWhatTheSpecificationTakes) {
  EXPECT_TRUE(is_traceparent("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"));
  EXPECT_FALSE(is_traceparent("00-00000000000000000000000000000000-b7ad6b7169203331-01"));
  EXPECT_FALSE(is_traceparent("00-0af7651916cd43dd8448eb211c80319c-0000000000000000-01"));
  EXPECT_FALSE(is_traceparent("ff-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"));
  EXPECT_FALSE(is_traceparent("00-0AF7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"));
  EXPECT_FALSE(is_traceparent("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01\r\nX: y"));
  EXPECT_FALSE(is_traceparent(""));
}

TEST(GoDuration, ReadsAsGoPrintsIt) {
  using namespace std::chrono_literals;
  EXPECT_EQ(format_go_duration(5min), "5m0s");
  EXPECT_EQ(format_go_duration(1h), "1h0m0s");
  EXPECT_EQ(format_go_duration(90s), "1m30s");
  EXPECT_EQ(format_go_duration(1500ms), "1.5s");
  EXPECT_EQ(format_go_duration(250ms), "250ms");
  EXPECT_EQ(format_go_duration(0s), "0s");
}

}  // namespace
}  // namespace cordon::server
