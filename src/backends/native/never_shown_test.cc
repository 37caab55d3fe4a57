#include "native/never_shown.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstring>
#include <filesystem>
#include <functional>

#include "core/unique_fd.h"
#include "native/paths.h"
#include "policy/root_sockets.h"

namespace cordon::native {
namespace {

using ::testing::HasSubstr;

bool nothing_is_taken_away(const std::string&) { return false; }

std::string why(const Result<void>& outcome) {
  return outcome ? std::string("shown") : outcome.error().message();
}

class NeverShown : public ::testing::Test {
 protected:
  NeverShown() {
    char name[] = "/tmp/cordon-never-shown-XXXXXX";
    folder_ = real_path(::mkdtemp(name));
  }
  ~NeverShown() override { std::filesystem::remove_all(folder_); }

  // Of somebody who listens.
  std::string listener(const std::string& name) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    const std::string path = folder_ + "/" + name;
    std::memcpy(address.sun_path, path.c_str(), path.size() + 1);
    socket_ = UniqueFd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    EXPECT_EQ(::bind(socket_.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address),
              0);
    EXPECT_EQ(::listen(socket_.get(), 1), 0);
    return path;
  }

  std::string folder_;
  UniqueFd socket_;
};

TEST(RootSocketsOfTheList, NoneIsShownNorADirectoryAboveIt) {
  const RootSockets sockets({});
  ASSERT_GE(root_sockets().size(), 9U);
  for (const DefaultEntry& entry : root_sockets()) {
    const std::string path(entry.path);
    for (std::string above = real_path(path); above != "/"; above = std::string(parent_of(above))) {
      const std::string said = why(sockets.refuse("--read", above, nothing_is_taken_away));
      EXPECT_THAT(said, HasSubstr("root on this host")) << above;
    }
    EXPECT_THAT(why(sockets.refuse("--read", real_path(path), nothing_is_taken_away)),
                HasSubstr(std::string(entry.reason)));
    // The controls: what lies beside it, and a directory in which it is denied.
    const std::string beside = std::string(parent_of(real_path(path))) + "/cordon-has-no-such-file";
    EXPECT_TRUE(sockets.refuse("--read", beside, nothing_is_taken_away)) << beside;
    EXPECT_TRUE(sockets.refuse("--read", std::string(parent_of(real_path(path))),
                               [](const std::string&) { return true; }));
  }
}

TEST(RootSocketsOfTheList, HasEveryEngineAndStore) {
  const auto paths = RootSockets({}).paths();
  for (const char* path :
       {"/run/docker.sock", "/run/containerd/containerd.sock", "/run/podman/podman.sock",
        "/run/crio/crio.sock", "/var/lib/incus/unix.socket", "/var/lib/lxd/unix.socket"}) {
    EXPECT_THAT(paths, ::testing::Contains(path));
  }
}

TEST_F(NeverShown, ASocketThatIsAskedUnderAnyName) {
  std::filesystem::create_directory(folder_ + "/engine");
  const std::string socket = listener("engine/d.sock");
  std::filesystem::create_hard_link(socket, folder_ + "/alias");
  std::filesystem::create_directory_symlink(folder_ + "/engine", folder_ + "/link");
  const RootSockets sockets({folder_ + "/link/d.sock"});
  for (const std::string& path : {socket, folder_, folder_ + "/engine", folder_ + "/alias",
                                  folder_ + "/link", folder_ + "/link/d.sock"}) {
    EXPECT_THAT(why(sockets.refuse("--read", path, nothing_is_taken_away)),
                HasSubstr("root on this host"))
        << path;
    if (path != folder_) {
      EXPECT_TRUE(RootSockets({}).refuse("--read", path, nothing_is_taken_away)) << path;
    }
  }
}

constexpr int kNoNamespace = 77;

// In a mount namespace where `source` is mounted at `target`, too.
int with_mount(const std::string& source, const std::string& target,
               const std::function<bool()>& holds) {
  const pid_t child = ::fork();
  if (child == 0) {
    const int spaces = CLONE_NEWNS | (::geteuid() == 0 ? 0 : CLONE_NEWUSER);
    if (::unshare(spaces) != 0 ||
        ::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0) {
      ::_exit(kNoNamespace);
    }
    if (::mount(source.c_str(), target.c_str(), nullptr, MS_BIND | MS_REC, nullptr) != 0) {
      ::_exit(78);
    }
    ::_exit(holds() ? 0 : 1);
  }
  int status = 0;
  if (child < 0 || ::waitpid(child, &status, 0) != child || !WIFEXITED(status)) return -1;
  return WEXITSTATUS(status);
}

TEST_F(NeverShown, AnotherMountOfASocketsDirectoryBeneathWhatIsShown) {
  const std::string shown = folder_ + "/shown";
  const std::string inner = shown + "/in ner/deep";
  std::filesystem::create_directories(folder_ + "/engine");
  std::filesystem::create_directories(inner);
  const std::string socket = listener("engine/d.sock");
  const auto refused = [&](const RootSockets& sockets, const RootSockets::TakenAway& away) {
    return why(sockets.refuse("--read", shown, away)).contains("root on this host");
  };
  const auto denies = [](std::string one) {
    return [one = std::move(one)](const std::string& path) { return path == one; };
  };
  ASSERT_FALSE(refused(RootSockets({socket}), nothing_is_taken_away)) << "the control: no mount";
  const int of_the_directory = with_mount(folder_ + "/engine", inner, [&] {
    const RootSockets sockets({socket});
    return refused(sockets, nothing_is_taken_away) &&
           !refused(sockets, denies(inner + "/d.sock")) &&
           !refused(RootSockets({}), nothing_is_taken_away);
  });
  if (of_the_directory == kNoNamespace) GTEST_SKIP() << "needs a mount namespace";
  EXPECT_EQ(of_the_directory, 0);
  const int of_the_root =
      with_mount("/", inner, [&] { return refused(RootSockets({socket}), nothing_is_taken_away); });
  EXPECT_EQ(of_the_root, 0);
}

TEST_F(NeverShown, ASocketThatTheNearestRuleTakesAway) {
  std::filesystem::create_directories(folder_ + "/a/b");
  const RootSockets sockets({folder_ + "/a/b/d.sock"});
  const auto rule = [](Grant grant, const std::string& path) {
    Rule made;
    made.grant = grant;
    made.path = path;
    return made;
  };
  const Rule all = rule(Grant::Read, folder_);
  const Rule denied = rule(Grant::Deny, folder_ + "/a");
  const Rule shown = rule(Grant::Read, folder_ + "/a/b");
  EXPECT_FALSE(sockets.refuse(all, {all}));
  EXPECT_TRUE(sockets.refuse(all, {all, denied}));
  EXPECT_FALSE(sockets.refuse(all, {all, denied, shown}));
  EXPECT_FALSE(sockets.refuse(shown, {shown, denied, all}));
}

TEST_F(NeverShown, TheWholeHostByAnyName) {
  std::filesystem::create_directory_symlink("/", folder_ + "/root");
  const auto of = [](const std::string& path, Access access = Access::Read) {
    Policy policy;
    policy.filesystem.push_back({.access = access, .path = path, .origin = "--read"});
    return policy;
  };
  for (const std::string& path :
       {std::string("/"), std::string("//"), std::string("/."), folder_ + "/root",
        folder_ + "/../../", std::string("/proc/self/root")}) {
    EXPECT_THAT(why(refuse_whole_host(of(path), folder_)), HasSubstr("whole file system")) << path;
    EXPECT_FALSE(refuse_whole_host(of(path, Access::Write), folder_)) << path;
  }
  for (const std::string& path : {std::string("/srv"), folder_, std::string("src")}) {
    EXPECT_TRUE(refuse_whole_host(of(path), folder_)) << path;
  }
  EXPECT_TRUE(refuse_whole_host(of("/", Access::Deny), folder_));
}

}  // namespace
}  // namespace cordon::native
