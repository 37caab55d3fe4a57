#include "gvisor/bundle.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/json.hpp>

namespace cordon::gvisor {
namespace {

namespace json = boost::json;

class BundleOf : public testing::Test {
 protected:
  json::object config() const { return json::parse(to_json(bundle_)).as_object(); }

  json::object mount_at(std::string_view place) const {
    for (const json::value& mount : config().at("mounts").as_array()) {
      if (mount.at("destination").as_string() == place) return mount.as_object();
    }
    return {};
  }

  std::uint64_t size_at(std::string_view place) const {
    for (const json::value& option : mount_at(place).at("options").as_array()) {
      const std::string_view text = option.as_string();
      if (text.starts_with("size=")) return std::stoull(std::string(text.substr(5)));
    }
    return 0;
  }

  Files files_{.mounts = {{Mount::Kind::Scratch, "/tmp"},
                          {Mount::Kind::Scratch, "/dev/shm"},
                          {Mount::Kind::Scratch, "/srv/a"},
                          {Mount::Kind::Host, "/srv/a/work"}},
               .unheld = {}};
  Bundle bundle_{.arguments = {"sh", "-c", "echo \"\n\""},
                 .environment = {"A=b"},
                 .work_dir = "/srv/a/work",
                 .stage = {},
                 .hostname = "box",
                 .terminal = {},
                 .files = &files_,
                 .scratch_bytes = 64 << 20,
                 .file_size_bytes = {}};
};

TEST_F(BundleOf, SaysWhatIsRun) {
  const json::object process = config().at("process").as_object();
  EXPECT_EQ(process.at("args"), json::array({"sh", "-c", "echo \"\n\""}));
  EXPECT_EQ(process.at("env"), json::array({"A=b"}));
  EXPECT_EQ(process.at("cwd"), "/srv/a/work");
  EXPECT_EQ(process.at("terminal"), false);
  EXPECT_EQ(config().at("hostname"), "box");
}

TEST_F(BundleOf, CountsTasksBeforeTheCommandRuns) {
  bundle_.stage = Stage{.tasks = 40, .candidates = {"/usr/bin/sh", "/bin/sh"}};
  const json::object process = config().at("process").as_object();
  EXPECT_EQ(process.at("args"), json::array({"/.cordon-stage", "40", "/usr/bin/sh", "/bin/sh", "--",
                                             "sh", "-c", "echo \"\n\""}));
  EXPECT_FALSE(process.at("capabilities").as_object().contains("inheritable"));
  EXPECT_EQ(process.at("capabilities").at("permitted"),
            json::array({"CAP_SYS_ADMIN", "CAP_DAC_OVERRIDE", "CAP_SETPCAP"}));
}

TEST_F(BundleOf, GivesNoRights) {
  const json::object process = config().at("process").as_object();
  EXPECT_TRUE(process.at("capabilities").as_object().empty());
  EXPECT_EQ(process.at("noNewPrivileges"), true);
}

TEST_F(BundleOf, TakesThePartsOfTheTreeFromBelowItsRoot) {
  EXPECT_EQ(config().at("root").at("path"), "/rootfs");
  EXPECT_EQ(mount_at("/srv/a/work").at("source"), "/rootfs/srv/a/work");
  EXPECT_EQ(mount_at("/srv/a/work").at("type"), "bind");
}

TEST_F(BundleOf, DividesTheDiskAmongPrivateDirectories) {
  EXPECT_EQ(size_at("/dev/shm"), 8U << 20);
  EXPECT_EQ(size_at("/tmp"), 28U << 20);
  EXPECT_EQ(size_at("/srv/a"), 28U << 20);
  bundle_.scratch_bytes = 0;
  EXPECT_GE(size_at("/tmp"), 4096U) << "none at all would be no directory";
}

TEST_F(BundleOf, BoundsFilesWhereThePolicyDoes) {
  const auto limits = [&] {
    std::vector<std::string> names;
    for (const json::value& one : config().at("process").at("rlimits").as_array()) {
      names.emplace_back(one.at("type").as_string());
    }
    return names;
  };
  EXPECT_THAT(limits(), testing::Not(testing::Contains("RLIMIT_FSIZE")));
  bundle_.file_size_bytes = 1000;
  EXPECT_THAT(limits(), testing::Contains("RLIMIT_FSIZE"));
}

}  // namespace
}  // namespace cordon::gvisor
