#include "engine/json.h"

#include <boost/json/serialize.hpp>

#include "core/try.h"
#include "engine/json_access.h"

namespace cordon::engine {

namespace {

namespace json = boost::json;

json::object host_config(const HostConfig& host) {
  json::array mounts;
  for (const BindMount& mount : host.mounts) {
    // What is mounted below a read-only bind stays writable in engines before API 1.44: nothing
    // below comes along.
    mounts.push_back({{"Type", "bind"},
                      {"Source", mount.source},
                      {"Target", mount.target},
                      {"ReadOnly", mount.read_only},
                      {"BindOptions", {{"Propagation", "rprivate"}, {"NonRecursive", true}}}});
  }
  json::array ulimits;
  for (const Ulimit& limit : host.ulimits) {
    ulimits.push_back({{"Name", limit.name}, {"Soft", limit.soft}, {"Hard", limit.hard}});
  }
  return {{"Privileged", host.privileged},
          {"ReadonlyRootfs", host.read_only_root},
          {"Init", host.init},
          {"CapAdd", array_of(host.cap_add)},
          {"CapDrop", array_of(host.cap_drop)},
          {"SecurityOpt", array_of(host.security_options)},
          {"MaskedPaths", array_of(host.masked_paths)},
          {"ReadonlyPaths", array_of(host.read_only_paths)},
          {"Mounts", std::move(mounts)},
          {"Tmpfs", object_of(host.tmpfs)},
          {"NetworkMode", host.network_mode},
          {"IpcMode", host.ipc_mode},
          {"PidMode", host.pid_mode},
          {"CgroupnsMode", host.cgroupns_mode},
          {"LogConfig", {{"Type", host.log_driver}, {"Config", json::object()}}},
          {"RestartPolicy", {{"Name", "no"}}},
          {"AutoRemove", false},
          {"PublishAllPorts", false},
          {"Memory", host.memory},
          {"MemorySwap", host.memory_swap},
          {"NanoCpus", host.nano_cpus},
          {"PidsLimit", host.pids_limit},
          {"ShmSize", host.shm_size},
          {"OomScoreAdj", host.oom_score_adjust},
          {"Runtime", host.runtime},
          {"Ulimits", std::move(ulimits)}};
}

HostConfig read_host_config(const json::object& from) {
  HostConfig host;
  host.privileged = flag(from, "Privileged");
  host.read_only_root = flag(from, "ReadonlyRootfs");
  host.init = flag(from, "Init");
  host.cap_add = texts(from, "CapAdd");
  host.cap_drop = texts(from, "CapDrop");
  host.security_options = texts(from, "SecurityOpt");
  host.masked_paths = texts(from, "MaskedPaths");
  host.read_only_paths = texts(from, "ReadonlyPaths");
  host.tmpfs = pairs(from, "Tmpfs");
  host.network_mode = text(from, "NetworkMode");
  host.ipc_mode = text(from, "IpcMode");
  host.pid_mode = text(from, "PidMode");
  host.cgroupns_mode = text(from, "CgroupnsMode");
  host.log_driver = text(object(from, "LogConfig"), "Type");
  host.memory = number(from, "Memory");
  host.memory_swap = number(from, "MemorySwap");
  host.nano_cpus = number(from, "NanoCpus");
  host.pids_limit = number(from, "PidsLimit");
  host.shm_size = number(from, "ShmSize");
  host.oom_score_adjust = static_cast<int>(number(from, "OomScoreAdj"));
  host.runtime = text(from, "Runtime");
  host.binds = texts(from, "Binds");
  host.group_add = texts(from, "GroupAdd");
  each(from, "Ulimits", [&](const json::value& one) {
    if (!one.is_object()) return;
    const json::object& limit = one.get_object();
    host.ulimits.push_back({text(limit, "Name"), number(limit, "Soft"), number(limit, "Hard")});
  });
  each(from, "Devices", [&](const json::value& one) {
    if (one.is_object()) host.devices.push_back(text(one.get_object(), "PathOnHost"));
  });
  return host;
}

// What is mounted, as opposed to what was asked for.
void read_mounts(const json::object& from, Container& container) {
  each(from, "Mounts", [&](const json::value& one) {
    if (!one.is_object()) return;
    const json::object& mount = one.get_object();
    const std::string type = text(mount, "Type");
    const std::string place = text(mount, "Destination");
    if (type == "bind") {
      container.config.host.mounts.push_back({text(mount, "Source"), place, !flag(mount, "RW")});
    } else if (type != "tmpfs") {
      container.volumes.push_back(place);
    }
  });
}

}  // namespace

bool EngineInfo::has_security(std::string_view name) const {
  const std::string wanted = "name=" + std::string(name);
  for (const std::string& option : security_options) {
    if (option == wanted || option.starts_with(wanted + ",")) return true;
  }
  return false;
}

std::string to_json(const ContainerConfig& config) {
  const json::object body = {
      {"Image", config.image},
      {"Entrypoint", array_of(config.command)},
      {"Cmd", json::array()},
      {"Env", array_of(config.environment)},
      {"WorkingDir", config.working_dir},
      {"User", config.user},
      {"Hostname", config.hostname},
      {"Labels", object_of(config.labels)},
      {"OpenStdin", config.open_stdin},
      {"StdinOnce", config.open_stdin},
      {"AttachStdin", config.open_stdin},
      {"AttachStdout", true},
      {"AttachStderr", !config.terminal},
      {"Tty", config.terminal},
      {"NetworkDisabled", config.network_disabled},
      // A check of the image's own would run beside the command.
      {"Healthcheck", {{"Test", json::array({"NONE"})}}},
      {"HostConfig", host_config(config.host)},
  };
  return json::serialize(body);
}

Result<Container> read_container(std::string_view body) {
  const json::object whole = TRY(parse_object(body, "a container"));
  const json::object& config = object(whole, "Config");
  const json::object& state = object(whole, "State");
  Container container;
  container.id = text(whole, "Id");
  // Its id. What the configuration says is what was asked for, or a name that Podman found for it.
  container.config.image = text(whole, "Image");
  container.config.command = texts(config, "Entrypoint");
  container.config.environment = texts(config, "Env");
  container.config.working_dir = text(config, "WorkingDir");
  container.config.user = text(config, "User");
  container.config.hostname = text(config, "Hostname");
  container.config.labels = pairs(config, "Labels");
  container.config.terminal = flag(config, "Tty");
  container.config.open_stdin = flag(config, "OpenStdin");
  container.config.host = read_host_config(object(whole, "HostConfig"));
  read_mounts(whole, container);
  container.state.status = text(state, "Status");
  container.state.running = flag(state, "Running");
  container.state.oom_killed = flag(state, "OOMKilled");
  container.state.exit_code = static_cast<int>(number(state, "ExitCode"));
  container.state.pid = static_cast<pid_t>(number(state, "Pid"));
  container.state.error = text(state, "Error");
  if (container.id.empty()) {
    return std::unexpected(unexpected_answer("a container", "it has no id"));
  }
  return container;
}

Result<std::vector<ContainerSummary>> read_containers(std::string_view body) {
  const json::value parsed = TRY(parse(body, "its containers"));
  if (!parsed.is_array()) {
    return std::unexpected(unexpected_answer("its containers", "it is no list"));
  }
  std::vector<ContainerSummary> list;
  for (const json::value& one : parsed.get_array()) {
    if (!one.is_object()) continue;
    const json::object& container = one.get_object();
    list.push_back({text(container, "Id"), texts(container, "Names"), text(container, "State"),
                    pairs(container, "Labels"), number(container, "Created")});
  }
  return list;
}

Result<Image> read_image(std::string_view body) {
  const json::object whole = TRY(parse_object(body, "an image"));
  const json::object& config = object(whole, "Config");
  Image image;
  image.id = text(whole, "Id");
  image.os = text(whole, "Os");
  image.architecture = text(whole, "Architecture");
  image.environment = texts(config, "Env");
  image.volumes = keys(config, "Volumes");
  image.labels = pairs(config, "Labels");
  image.parent = text(whole, "Parent");
  image.hostname = text(config, "Hostname");
  image.on_build = texts(config, "OnBuild");
  if (image.id.empty()) return std::unexpected(unexpected_answer("an image", "it has no id"));
  return image;
}

Result<EngineInfo> read_info(std::string_view body) {
  const json::object whole = TRY(parse_object(body, "itself"));
  EngineInfo info;
  info.cgroup_version = text(whole, "CgroupVersion");
  info.security_options = texts(whole, "SecurityOptions");
  info.memory_limit = flag(whole, "MemoryLimit");
  info.swap_limit = flag(whole, "SwapLimit");
  info.cpu_quota = flag(whole, "CpuCfsQuota");
  info.pids_limit = flag(whole, "PidsLimit");
  for (const auto& [name, one] : object(whole, "Runtimes")) {
    const json::object none;
    const json::object& runtime = one.is_object() ? one.get_object() : none;
    info.runtimes.push_back({name, text(runtime, "path"), text(runtime, "runtimeType")});
  }
  info.default_runtime = text(whole, "DefaultRuntime");
  info.index_server = text(whole, "IndexServerAddress");
  return info;
}

Result<Versions> read_versions(std::string_view body) {
  const json::object whole = TRY(parse_object(body, "its version"));
  Versions versions{"Docker", text(whole, "Version"), text(whole, "ApiVersion"),
                    text(whole, "MinAPIVersion")};
  each(whole, "Components", [&](const json::value& one) {
    if (one.is_object() && text(one.get_object(), "Name").starts_with("Podman")) {
      versions.engine = "Podman";
    }
  });
  return versions;
}

Result<Created> read_created(std::string_view body) {
  const json::object whole = TRY(parse_object(body, "a new container"));
  Created created{text(whole, "Id"), texts(whole, "Warnings")};
  if (created.id.empty()) {
    return std::unexpected(unexpected_answer("a new container", "it has no id"));
  }
  return created;
}

Result<Waited> read_waited(std::string_view body) {
  const json::object whole = TRY(parse_object(body, "a container's end"));
  if (member(whole, "StatusCode") == nullptr) {
    return std::unexpected(unexpected_answer("a container's end", "it has no status"));
  }
  return Waited{static_cast<int>(number(whole, "StatusCode")),
                text(object(whole, "Error"), "Message")};
}

}  // namespace cordon::engine
