#include "doctor/programs.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <thread>

#include "doctor/docker_ping.h"
#include "linux/testing/fake_host.h"

namespace cordon::doctor {
namespace {

using cordon::testing::FakeHost;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using namespace std::chrono_literals;

Host ordinary(const FakeHost& fake) {
  Host host;
  host.root = fake.root();
  host.caller.uid = 1000;
  return host;
}

// Accepts one connection, reads what comes, writes `reply`; an empty reply is silence until the
// other side gives up.
std::thread answer_once(const UniqueFd& listener, std::string reply) {
  return std::thread([fd = listener.get(), reply = std::move(reply)] {
    const UniqueFd peer(::accept4(fd, nullptr, nullptr, SOCK_CLOEXEC));
    char buffer[1024];
    ssize_t size = ::recv(peer.get(), buffer, sizeof buffer, 0);
    EXPECT_THAT(std::string(buffer, static_cast<std::size_t>(std::max<ssize_t>(size, 0))),
                ::testing::StartsWith("GET /_ping HTTP/1.1\r\n"));
    if (!reply.empty()) ::send(peer.get(), reply.data(), reply.size(), MSG_NOSIGNAL);
    while (::recv(peer.get(), buffer, sizeof buffer, 0) > 0) {
    }
  });
}

TEST(Programs, FoundOnTheFixedPathOnly) {
  FakeHost fake;
  fake.program("/usr/bin/runsc").program("/home/user/bin/podman").file("/usr/bin/nft", "");
  const Host host = ordinary(fake);
  EXPECT_EQ(check_program(host, "runsc").found, "/usr/bin/runsc");
  EXPECT_EQ(check_program(host, "podman").state, State::Missing);
  EXPECT_EQ(check_program(host, "nft").state, State::Missing) << "a file that is not executable";
}

TEST(Programs, ADirectoryIsNoProgram) {
  FakeHost fake;
  fake.file("/usr/bin/bwrap/file", "");
  EXPECT_EQ(check_program(ordinary(fake), "bwrap").state, State::Missing);
}

TEST(Programs, RemedyFitsTheDistribution) {
  FakeHost fake;
  Host host = ordinary(fake);
  const auto install = [&](std::string_view release, std::string_view program) {
    fake.file("/etc/os-release", release);
    return install_command(host, program);
  };
  EXPECT_EQ(install("ID=debian\n", "nft"), "sudo apt install nftables");
  EXPECT_EQ(install("ID=linuxmint\nID_LIKE=\"ubuntu debian\"\n", "bwrap"),
            "sudo apt install bubblewrap");
  EXPECT_EQ(install("ID=\"rocky\"\nID_LIKE=\"rhel centos fedora\"\n", "podman"),
            "sudo dnf install podman");
  EXPECT_EQ(install("ID=arch\n", "lxc-start"), "sudo pacman -S lxc");
  EXPECT_EQ(install("ID=alpine\n", "docker"), "sudo apk add docker");
  EXPECT_THAT(install("ID=alpine\n", "runsc"), IsEmpty());
  EXPECT_THAT(install("ID=plan9\n", "nft"), IsEmpty());
  EXPECT_THAT(install("ID=debian\n", "unheard-of"), IsEmpty());
  host.caller.uid = 0;
  EXPECT_EQ(install("ID=debian\n", "runsc"), "apt install runsc");
}

TEST(Programs, LxcByItsDaemonsSocket) {
  FakeHost fake;
  EXPECT_EQ(check_lxc(ordinary(fake)).state, State::Missing);
  fake.program("/usr/bin/lxd");
  EXPECT_EQ(check_lxc(ordinary(fake)).state, State::Limited) << "nobody would make an instance";
  const UniqueFd incus = fake.listener("/var/lib/incus/unix.socket");
  EXPECT_EQ(check_lxc(ordinary(fake)).found, "daemon at /var/lib/incus/unix.socket");
}

TEST(Docker, Absent) {
  FakeHost fake;
  fake.file("/etc/os-release", "ID=debian\n");
  const Check check = check_docker(ordinary(fake), 300ms);
  EXPECT_EQ(check.state, State::Missing);
  EXPECT_EQ(check.remedy, "sudo apt install docker.io");
}

TEST(Docker, ClientWithoutADaemon) {
  FakeHost fake;
  fake.program("/usr/local/bin/docker");
  const Check check = check_docker(ordinary(fake), 300ms);
  EXPECT_EQ(check.state, State::Limited);
  EXPECT_THAT(check.found, HasSubstr("/usr/local/bin/docker"));
  EXPECT_EQ(check.remedy, "sudo systemctl start docker");
}

TEST(Docker, Answers) {
  FakeHost fake;
  const UniqueFd listener = fake.listener("/run/docker.sock");
  std::thread daemon =
      answer_once(listener, "HTTP/1.1 200 OK\r\nApi-Version: 1.47\r\nContent-Length: 2\r\n\r\nOK");
  const Check check = check_docker(ordinary(fake), 10s);
  daemon.join();
  EXPECT_EQ(check.state, State::Ok);
  EXPECT_EQ(check.found, "answers on /run/docker.sock (API 1.47)");
}

TEST(Docker, PodmanIsNamed) {
  FakeHost fake;
  const UniqueFd listener = fake.listener("/run/docker.sock");
  std::thread daemon = answer_once(
      listener, "HTTP/1.1 200 OK\r\nApi-Version: 1.41\r\nServer: Libpod/4.3.1 (linux)\r\n\r\nOK");
  const Check check = check_docker(ordinary(fake), 10s);
  daemon.join();
  EXPECT_EQ(check.found, "answers on /run/docker.sock (Podman 4.3.1, API 1.41)");
}

TEST(Docker, ARootlessDaemonCountsWhenTheOtherIsDead) {
  FakeHost fake;
  fake.listener("/run/docker.sock").reset();
  const UniqueFd listener = fake.listener("/run/user/1000/docker.sock");
  std::thread daemon = answer_once(listener, "HTTP/1.1 200 OK\r\n\r\n");
  const Check check = check_docker(ordinary(fake), 10s);
  daemon.join();
  EXPECT_EQ(check.state, State::Ok);
  EXPECT_EQ(check.found, "answers on /run/user/1000/docker.sock");
}

TEST(Docker, Silent) {
  FakeHost fake;
  const UniqueFd listener = fake.listener("/run/docker.sock");
  std::thread daemon = answer_once(listener, "");
  const Check check = check_docker(ordinary(fake), 30ms);
  daemon.join();
  EXPECT_EQ(check.state, State::Limited);
  EXPECT_EQ(check.found, "/run/docker.sock: did not answer in 30 ms");
}

TEST(Docker, DeadSocket) {
  FakeHost fake;
  fake.listener("/run/docker.sock").reset();
  const Check check = check_docker(ordinary(fake), 300ms);
  EXPECT_EQ(check.state, State::Limited);
  EXPECT_THAT(check.found, HasSubstr("Connection refused"));
}

TEST(Docker, SomethingElseListens) {
  FakeHost fake;
  const UniqueFd listener = fake.listener("/run/docker.sock");
  // An endless header must not be collected for ever, nor its bytes be shown.
  std::thread daemon = answer_once(listener, std::string(100000, '\x1b'));
  const Check check = check_docker(ordinary(fake), 10s);
  daemon.join();
  EXPECT_EQ(check.state, State::Limited);
  EXPECT_THAT(check.found, HasSubstr("does not answer as Docker does"));
  EXPECT_THAT(check.found, Not(HasSubstr("\x1b")));
}

TEST(Docker, HostileVersionIsNotPrinted) {
  FakeHost fake;
  const UniqueFd listener = fake.listener("/run/docker.sock");
  std::thread daemon = answer_once(listener, "HTTP/1.1 200 OK\r\nApi-Version: \x1b[2J\r\n\r\n");
  const DockerPing ping = ping_docker(fake.at("/run/docker.sock"), 10s);
  daemon.join();
  EXPECT_EQ(ping.outcome, DockerPing::Outcome::Answered);
  EXPECT_THAT(ping.detail, IsEmpty());
}

TEST(Docker, PathTooLongForASocket) {
  EXPECT_EQ(ping_docker("/tmp/" + std::string(200, 'x'), 300ms).outcome,
            DockerPing::Outcome::Failed);
}

}  // namespace
}  // namespace cordon::doctor
