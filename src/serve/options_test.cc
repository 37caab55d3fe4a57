#include "serve/options.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "serve/listeners.h"
#include "serve/places.h"

namespace cordon::serve {
namespace {

using testing::HasSubstr;

Result<ServeOptions> read(std::vector<std::string> words) {
  std::vector<char*> arguments;
  for (std::string& word : words) arguments.push_back(word.data());
  return read_serve_options(arguments);
}

TEST(ServeOptions, TableIsInTheOrderOfItsNames) {
  const auto table = serve_option_table();
  for (std::size_t i = 0; i < table.size(); ++i) {
    EXPECT_EQ(table[i].id, static_cast<int>(i)) << table[i].name;
  }
}

TEST(ServeOptions, TheNetworkNeedsEncryptionOrWords) {
  const auto refused = read({"--listen", "192.0.2.1:80"});
  ASSERT_FALSE(refused);
  EXPECT_THAT(refused.error().message(), HasSubstr("--plain-text-over-the-network"));
  EXPECT_TRUE(read({"--listen", "192.0.2.1:80", "--plain-text-over-the-network"}));
  EXPECT_TRUE(read({"--listen", "192.0.2.1:80", "--tls-cert", "c", "--tls-key", "k"}));
  EXPECT_TRUE(read({"--listen", "127.1.2.3:80"}));
  EXPECT_TRUE(read({"--listen", "[::1]:80"}));
  EXPECT_FALSE(read({"--listen", "[::]:80"}));
  EXPECT_FALSE(read({"--listen", "0.0.0.0:80"}));
  EXPECT_FALSE(read({"--tls-cert", "c"}));
}

TEST(ServeOptions, NonsenseIsRefusedByName) {
  for (const auto& words :
       std::vector<std::vector<std::string>>{{"--listen", "localhost"},
                                             {"--listen", "example.org:80"},
                                             {"--listen", "127.0.0.1:70000"},
                                             {"--listen", "::1:80"},
                                             {"--socket", "relative"},
                                             {"--state-dir", ""},
                                             {"--max-running", "0"},
                                             {"--socket-group", "no such group"},
                                             {"--grace", "soon"},
                                             {"--output-lifetime", "0"},
                                             {"--output-quota", "much"},
                                             {"--record-lifetime", "-1d"},
                                             {"--max-records", "0"},
                                             {"--max-audit-log", "1"},
                                             {"--max-upload", "0"},
                                             {"--artifact-lifetime", "0"},
                                             {"--artifact-quota", "much"},
                                             {"--config", "/no/such/file"},
                                             {"extra"}}) {
    EXPECT_FALSE(read(words)) << words[0] << ' ' << words.back();
  }
}

TEST(ServeOptions, SayHowLongThingsAreKept) {
  const auto options =
      read({"--output-lifetime", "1h", "--output-quota", "1G", "--record-lifetime", "2d",
            "--max-records", "7", "--max-audit-log", "1M", "--artifact-lifetime", "3h",
            "--artifact-quota", "5M", "--max-upload", "6M"});
  ASSERT_TRUE(options);
  EXPECT_EQ(options->store.output_lifetime, std::chrono::hours(1));
  EXPECT_EQ(options->store.output_quota, 1U << 30);
  EXPECT_EQ(options->store.execution_lifetime, std::chrono::hours(48));
  EXPECT_EQ(options->store.most_executions, 7);
  EXPECT_EQ(options->most_audit_bytes, 1U << 20);
  EXPECT_EQ(options->jobs.lifetime, std::chrono::hours(3));
  EXPECT_EQ(options->jobs.quota, 5U << 20);
  EXPECT_EQ(options->max_upload, 6U << 20);
}

TEST(ServeOptions, NameTheInstancesOfTheBackendLxc) {
  const auto options =
      read({"--lxc-executable", "/usr/bin/incus", "--lxc-socket", "/run/incus.sock",
            "--lxc-project", "boxes", "--lxc-instance", "blue-sandbox"});
  ASSERT_TRUE(options);
  const LxcConfig& lxc = options->manager.lxc;
  EXPECT_EQ(lxc.executable, "/usr/bin/incus");
  EXPECT_EQ(lxc.socket, "/run/incus.sock");
  EXPECT_EQ(lxc.project, "boxes");
  EXPECT_EQ(lxc.instance, "blue-sandbox");
  EXPECT_EQ(read({"--lxc-image", "alpine/3.20"})->manager.lxc.image, "alpine/3.20");
  EXPECT_EQ(read({"--lxc-network", "lxdbr0"})->manager.lxc.network, "lxdbr0");
  EXPECT_FALSE(read({"--lxc-socket", "relative"}));
}

TEST(ServeOptions, NameGvisorsPlatform) {
  EXPECT_EQ(read({"--gvisor-platform", "ptrace"})->manager.gvisor.platform, "ptrace");
}

TEST(Places, AreTheSystemsForRootAndTheUsersForOthers) {
  const auto variables = [](std::string_view name) -> std::optional<std::string> {
    if (name == "XDG_RUNTIME_DIR") return "/run/user/7";
    if (name == "HOME") return "/h";
    return std::nullopt;
  };
  EXPECT_EQ(default_state_dir(variables, 0), "/var/lib/cordon");
  EXPECT_EQ(default_state_dir(variables, 7), "/h/.local/state/cordon");
  EXPECT_EQ(default_socket(variables, 0, "/s"), "/run/cordon.sock");
  EXPECT_EQ(default_socket(variables, 7, "/s"), "/run/user/7/cordon.sock");
  const auto none = [](std::string_view) { return std::optional<std::string>(); };
  EXPECT_EQ(default_socket(none, 7, "/s"), "/s/cordon.sock");
  const auto stated = [](std::string_view name) {
    return name == "CORDON_STATE_DIR" ? std::optional<std::string>("/d") : std::nullopt;
  };
  EXPECT_EQ(default_state_dir(stated, 0), "/d");
}

}  // namespace
}  // namespace cordon::serve
