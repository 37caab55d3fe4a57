#include "lxc/own_instance.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <boost/json/array.hpp>
#include <cmath>

#include "core/try.h"
#include "docker/owner.h"
#include "linux/proc_file.h"
#include "linux/subordinate_ids.h"
#include "lxc/json.h"

namespace cordon::lxc {

namespace {

namespace bj = boost::json;

bj::object disk(std::string_view source, std::string_view path, bool read_only, Mapping mapping) {
  bj::object device = {
      {"type", "disk"}, {"source", json::view(source)}, {"path", json::view(path)}};
  if (read_only) device["readonly"] = "true";
  if (mapping == Mapping::Shift) device["shift"] = "true";
  return device;
}

std::string raw_map(const docker::Identity& identity) {
  return fmt::format("uid {} {}\ngid {} {}", identity.uid, identity.uid, identity.gid,
                     identity.gid);
}

std::string runtime_configuration(const InstancePlan& plan) {
  std::string lines = fmt::format("lxc.init.cmd = {} init\n", kProgramPlace);
  if (plan.subnet) lines += runtime_lines(*plan.subnet, plan.address);
  return lines;
}

}  // namespace

std::string instance_name(std::string_view sandbox_id) {
  return fmt::format("cordon-{}", sandbox_id);
}

bool grants(std::string_view file, std::string_view whom, unsigned long id) {
  return std::ranges::any_of(linux_os::subordinate_ids(file, whom),
                             [&](const linux_os::IdRange& range) {
                               return id >= range.first && id - range.first < range.count;
                             });
}

Mapping choose_mapping(const StoreInfo& store, const std::string& root,
                       const docker::Identity& identity) {
  const auto users = linux_os::read_proc_file(root + "/etc/subuid").value_or("");
  const auto groups = linux_os::read_proc_file(root + "/etc/subgid").value_or("");
  if (grants(users, "root", identity.uid) && grants(groups, "root", identity.gid)) {
    return Mapping::Raw;
  }
  return store.idmapped_mounts ? Mapping::Shift : Mapping::None;
}

Result<Origin> find_origin(const Store& store, const std::string& name) {
  auto image = store.image(name);
  if (image) return Origin{.is_image = true, .name = *std::move(image)};
  if (image.error().code != ErrorCode::NotFound) return std::unexpected(std::move(image).error());
  const auto slash = name.find('/');
  auto instance = slash == std::string::npos
                      ? store.instance(name)
                      : store.snapshot(name.substr(0, slash), name.substr(slash + 1));
  const auto refuse = [&](ErrorCode code, std::string detail, std::string remedy) {
    return std::unexpected(Error{.code = code,
                                 .operation = "make an instance of",
                                 .subject = name,
                                 .sys_errno = 0,
                                 .detail = std::move(detail),
                                 .remedy = std::move(remedy)});
  };
  if (!instance) {
    return refuse(ErrorCode::NotFound, "the store has no image and no instance of that name",
                  "`lxc image list` shows the images; `lxc image copy` fetches one");
  }
  if (slash == std::string::npos && instance->running) {
    return refuse(ErrorCode::Unsupported, "it runs, and its files change while they are copied",
                  fmt::format("`lxc stop {0}` stops it; `lxc snapshot {0} NAME` makes a snapshot "
                              "that can be named, {0}/NAME",
                              name));
  }
  Origin origin{.is_image = false, .name = name};
  for (const auto& [key, value] : instance->config) {
    if (!key.starts_with("raw.") && key != "security.syscalls.intercept.mount") continue;
    return refuse(ErrorCode::Unsupported,
                  fmt::format("its {} would hold for the copy as well", json::std_view(key)),
                  fmt::format("`lxc config unset {} {}`", name, json::std_view(key)));
  }
  for (const auto& [device, value] : instance->devices) {
    if (device != "root") origin.devices.emplace_back(json::std_view(device));
  }
  return origin;
}

std::string shown_place(std::size_t index) { return fmt::format("{}/{}", kShownPlaces, index); }

bj::object root_device(const InstancePlan& plan) {
  return {{"type", "disk"}, {"path", "/"}, {"pool", plan.pool}};
}

bj::object copy_source(std::string_view of) {
  return {{"type", "copy"},
          {"source", json::view(of)},
          {"instance_only", true},
          {"container_only", true}};
}

bj::object instance_request(const InstancePlan& plan, const StoreInfo& store, const Files& files,
                            const Limits& limits) {
  bj::object config = {{json::view(kOwnerKey), docker::own_owner_label()},
                       {json::view(kSandboxKey), plan.sandbox_id},
                       {"security.privileged", "false"},
                       {"security.nesting", "false"},
                       {store.name == "Incus" ? "security.guestapi" : "security.devlxd", "false"},
                       {"boot.autostart", "false"},
                       {"raw.lxc", runtime_configuration(plan)}};
  if (plan.mapping == Mapping::Raw) config["raw.idmap"] = raw_map(plan.identity);
  if (limits.memory_bytes) {
    config["limits.memory"] = fmt::format("{}B", *limits.memory_bytes);
    config["limits.memory.enforce"] = "hard";
    // With cgroup v1 the store counts both together; with v2 it would give as much swap besides.
    if (::access("/sys/fs/cgroup/cgroup.controllers", F_OK) == 0) {
      config["limits.memory.swap"] = "false";
    }
  }
  if (limits.cpus) {
    constexpr double kMillisecondsOfPeriod = 100;
    config["limits.cpu.allowance"] =
        fmt::format("{}ms/100ms", std::max(1L, std::lround(*limits.cpus * kMillisecondsOfPeriod)));
  }
  // The instance's own init counts, too.
  if (limits.pids) config["limits.processes"] = fmt::format("{}", *limits.pids + 1);
  bj::object devices;
  for (const std::string& inherited : plan.origin.devices) {
    devices[json::view(inherited)] = bj::object{{"type", "none"}};
  }
  devices["root"] = root_device(plan);
  devices["cordon"] = disk(plan.program, kProgramPlace, true, Mapping::None);
  for (std::size_t i = 0; i < files.steps.size(); ++i) {
    const FileStep& step = files.steps[i];
    if (!step.shows()) continue;
    devices[json::view(fmt::format("cordon-{}", i))] =
        disk(step.path, shown_place(i), step.kind == FileStep::Kind::ShowReadOnly, plan.mapping);
  }
  if (plan.subnet) devices[json::view(kInterface)] = network_device(*plan.subnet, plan.address);
  bj::object source;
  if (plan.origin.is_image) {
    source = {{"type", "image"}, {"fingerprint", plan.origin.name}};
  } else {
    source = copy_source(plan.origin.name);
  }
  return {{"name", plan.name},           {"type", "container"},
          {"ephemeral", true},           {"profiles", bj::array()},
          {"config", std::move(config)}, {"devices", std::move(devices)},
          {"source", std::move(source)}};
}

OwnInstance::~OwnInstance() {
  // What cannot be removed now is removed by whoever comes next: its owner will be dead.
  const auto stopped = store_.stop(name_);
  if (!running_ || !stopped) (void)store_.remove(name_);
}

Result<void> OwnInstance::start() {
  TRY(store_.start(name_));
  running_ = true;
  first_process_ = TRY(store_.first_process(name_));
  return {};
}

Result<void> OwnInstance::end_kept() {
  kept_ = true;
  auto stopped = store_.stop(name_);
  if (!stopped) kept_ = false;
  return stopped;
}

}  // namespace cordon::lxc
