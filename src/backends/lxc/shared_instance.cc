#include "lxc/shared_instance.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>

#include "core/try.h"
#include "core/unique_fd.h"
#include "lxc/json.h"
#include "native/paths.h"

namespace cordon::lxc {

namespace {

struct Disk {
  std::string source;
  std::string path;
  bool read_only = false;
};

std::vector<Disk> disks_of(const Instance& instance) {
  std::vector<Disk> disks;
  for (const auto& [name, value] : instance.devices) {
    if (!value.is_object()) continue;
    const auto& device = value.get_object();
    Disk disk{.source = json::text(device, "source"),
              .path = native::normalize(json::text(device, "path"), "/"),
              .read_only = json::text(device, "readonly") == "true"};
    if (json::text(device, "type") != "disk" || disk.path == "/") continue;
    // A relative one is a volume of a pool: nothing of the host's.
    if (disk.source.starts_with('/')) disk.source = native::normalize(disk.source, "/");
    disks.push_back(std::move(disk));
  }
  return disks;
}

bool shows(const Disk& disk, const FileStep& step) {
  if (!native::is_beneath(step.path, disk.path) || !disk.source.starts_with('/')) return false;
  if (disk.read_only && step.kind == FileStep::Kind::ShowWritable) return false;
  const auto location = native::locate(disk.source);
  return location && location->path + step.path.substr(disk.path.size()) == step.path;
}

}  // namespace

bool is_privileged(const Instance& instance) {
  return json::text(instance.config, "security.privileged") == "true";
}

Result<std::vector<std::pair<std::string, std::string>>> find_shown(const Instance& instance,
                                                                    Files& files) {
  const auto disks = disks_of(instance);
  std::vector<std::pair<std::string, std::string>> sources;
  for (const FileStep& step : files.steps) {
    if (!step.shows()) continue;
    if (std::ranges::any_of(disks, [&](const Disk& disk) { return shows(disk, step); })) {
      sources.emplace_back(step.path, step.path);
      continue;
    }
    return std::unexpected(Error{
        .code = ErrorCode::Unsupported,
        .operation = "show in the instance",
        .subject = step.path,
        .sys_errno = 0,
        .detail = fmt::format("no disk device of {} has it at the same path", instance.name),
        .remedy = fmt::format(
            "`lxc config device add {0} NAME disk source={1} path={1} shift=true`, or an instance "
            "for each run (--image)",
            instance.name, step.path)});
  }
  std::vector<std::string> places;
  for (const Disk& disk : disks) {
    if (disk.source.starts_with('/')) places.push_back(disk.path);
  }
  hide_places(files, std::move(places));
  return sources;
}

Result<std::string> read_program(const std::string& path) {
  const UniqueFd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  struct stat status{};
  if (!fd.valid() || ::fstat(fd.get(), &status) != 0) {
    return std::unexpected(system_error("read", path));
  }
  std::string bytes(static_cast<std::size_t>(status.st_size), '\0');
  std::size_t done = 0;
  while (done < bytes.size()) {
    const ssize_t size = ::read(fd.get(), bytes.data() + done, bytes.size() - done);
    if (size <= 0) return std::unexpected(system_error("read", path));
    done += static_cast<std::size_t>(size);
  }
  return bytes;
}

std::string shared_program_path(const std::string& bytes) {
  // Only root of the instance writes there, and no command of Cordon's is that.
  return fmt::format("/run/cordon-instance-{:016x}", std::hash<std::string>()(bytes));
}

}  // namespace cordon::lxc
