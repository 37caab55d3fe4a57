#include "lxc/own_instance.h"

#include <gmock/gmock.h>

#include "lxc/json.h"

namespace cordon::lxc {
namespace {

TEST(Grants, ReadsRanges) {
  constexpr std::string_view kFile = "_lxd:1:9999\nroot:100000:65536\nroot:1000:1\n";
  EXPECT_TRUE(grants(kFile, "root", 1000));
  EXPECT_TRUE(grants(kFile, "root", 100'000));
  EXPECT_TRUE(grants(kFile, "root", 165'535));
  EXPECT_FALSE(grants(kFile, "root", 165'536));
  EXPECT_FALSE(grants(kFile, "root", 1001));
  EXPECT_FALSE(grants(kFile, "root", 999));
  EXPECT_FALSE(grants("root\nroot:\n:::\n", "root", 0));
}

class InstanceRequest : public testing::Test {
 protected:
  InstanceRequest() {
    plan_.name = "cordon-1";
    plan_.origin = {.is_image = true, .name = "abc"};
    plan_.pool = "default";
    plan_.program = "/usr/libexec/cordon/cordon-instance";
    plan_.identity = {1000, 1000};
    store_.name = "LXD";
  }
  boost::json::object make() { return instance_request(plan_, store_, files_, limits_); }
  std::string config(std::string_view key) {
    return json::text(json::object(make(), "config"), key);
  }
  boost::json::object device(std::string_view name) {
    return json::object(json::object(make(), "devices"), name);
  }
  InstancePlan plan_;
  StoreInfo store_;
  Files files_;
  Limits limits_;
};

TEST_F(InstanceRequest, IsAnInstanceWithoutAnybodysProfileOrNetwork) {
  const auto request = make();
  EXPECT_TRUE(request.at("ephemeral").get_bool());
  EXPECT_TRUE(request.at("profiles").get_array().empty());
  for (const auto& [name, value] : json::object(request, "devices")) {
    EXPECT_EQ(json::text(value.get_object(), "type"), "disk") << name;
  }
}

TEST_F(InstanceRequest, ItsRootIsNobody) {
  EXPECT_EQ(config("security.privileged"), "false");
  EXPECT_EQ(config("security.nesting"), "false");
  EXPECT_EQ(config("security.devlxd"), "false");
  store_.name = "Incus";
  EXPECT_EQ(config("security.guestapi"), "false");
}

TEST_F(InstanceRequest, SaysWhoseItIs) { EXPECT_NE(config(kOwnerKey), ""); }

TEST_F(InstanceRequest, LimitsAreTheStores) {
  limits_.memory_bytes = 64 << 20;
  limits_.cpus = 0.5;
  limits_.pids = 10;
  EXPECT_EQ(config("limits.memory"), "67108864B");
  EXPECT_EQ(config("limits.cpu.allowance"), "50ms/100ms");
  EXPECT_EQ(config("limits.processes"), "11") << "its init is one";
}

TEST_F(InstanceRequest, ShowsWhatThePolicyShows) {
  files_.steps = {{FileStep::Kind::Scratch, "/tmp"},
                  {FileStep::Kind::ShowReadOnly, "/srv/tools"},
                  {FileStep::Kind::ShowWritable, "/srv/work"}};
  plan_.mapping = Mapping::Shift;
  EXPECT_EQ(json::text(device("cordon-1"), "readonly"), "true");
  EXPECT_EQ(json::text(device("cordon-1"), "path"), shown_place(1));
  EXPECT_EQ(json::text(device("cordon-2"), "readonly"), "");
  EXPECT_EQ(json::text(device("cordon-2"), "source"), "/srv/work");
  EXPECT_EQ(json::text(device("cordon-2"), "shift"), "true");
  EXPECT_TRUE(device("cordon-0").empty());
  plan_.mapping = Mapping::Raw;
  EXPECT_EQ(json::text(device("cordon-2"), "shift"), "");
  EXPECT_EQ(config("raw.idmap"), "uid 1000 1000\ngid 1000 1000");
}

TEST_F(InstanceRequest, ACopyTakesOverNoDevice) {
  plan_.origin = {.is_image = false, .name = "box", .devices = {"eth0", "share"}};
  EXPECT_EQ(json::text(device("eth0"), "type"), "none");
  EXPECT_EQ(json::text(device("share"), "type"), "none");
  EXPECT_EQ(json::text(json::object(make(), "source"), "source"), "box");
}

}  // namespace
}  // namespace cordon::lxc
