// No network but the sandbox's own loopback, unless it is asked for.
#include "security/attack.h"
#include "support/servers.h"

namespace cordon::test {
namespace {

class Network : public EveryAttack {
 protected:
  static Arguments open() { return {"--net", "open"}; }
};

TEST_P(Network, TcpToTheHostsLoopback) {
  const TcpServer server;
  expect_contained({.guest = {"connect_tcp", "127.0.0.1", std::to_string(server.port())},
                    .guarantee = "network.egress",
                    .opened = open()});
}

TEST_P(Network, TcpOverAMappedAddress) {
  const TcpServer server;
  expect_contained({.guest = {"connect_tcp6", "::ffff:127.0.0.1", std::to_string(server.port())},
                    .guarantee = "network.egress",
                    .opened = open()});
}

TEST_P(Network, UdpToTheHostsLoopback) {
  const UdpServer server;
  const Arguments attempt{"send_udp", "127.0.0.1", std::to_string(server.port())};
  const boost::json::object result = json_guest({}, attempt);
  if (server.was_reached()) {
    EXPECT_EQ(caller(), Caller::Degraded);
    EXPECT_NE(strength(result, "network.egress"), "enforced");
  }
  EXPECT_EQ(sandbox_guest(open(), attempt).exit_code, 42) << "control";
  EXPECT_TRUE(server.was_reached()) << "control";
}

TEST_P(Network, OnlyLoopbackIsThere) {
  if (caller() == Caller::Degraded) return;  // the host's network, of which nothing can be used
  in_sandbox({.guest = {"network_interfaces"}, .guarantee = "network.egress"});
}

TEST_P(Network, OwnLoopbackWorks) {
  if (caller() == Caller::Degraded) return;
  const Outcome outcome = sandbox({}, {"/usr/bin/python3", "-c",
                                       "import socket\n"
                                       "s = socket.create_server(('127.0.0.1', 0))\n"
                                       "c = socket.create_connection(s.getsockname())\n"
                                       "a, _ = s.accept(); c.sendall(b'hi'); print(a.recv(2))\n"});
  EXPECT_EQ(outcome.out, "b'hi'\n") << describe(outcome);
}

TEST_P(Network, AnotherSandboxIsNotReached) {
  const std::string name = "cordon-test-" + std::to_string(user()) + work();
  Running other(invocation({}, guest_command({"listen_here", name})));
  const std::string line = other.read_until("ready\n");
  ASSERT_NE(line.find("ready"), std::string::npos) << line << describe(other.wait());
  const std::string port = line.substr(5, line.find(' ', 5) - 5);
  in_sandbox({.guest = {"connect_unix", "@" + name}, .guarantee = "ipc.unix_abstract"});
  if (port != "0") {
    in_sandbox({.guest = {"connect_tcp", "127.0.0.1", port}, .guarantee = "network.egress"});
  }
}

INSTANTIATE_TEST_SUITE_P(Native, Network, all_callers(), caller_name);

}  // namespace
}  // namespace cordon::test
