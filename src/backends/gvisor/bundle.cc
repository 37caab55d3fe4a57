#include "gvisor/bundle.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>
#include <string_view>

#include "gvisor/places.h"

namespace cordon::gvisor {

namespace {

namespace json = boost::json;

constexpr std::string_view kSharedMemory = "/dev/shm";

// An eighth for shared memory; half of the rest for /tmp.
std::uint64_t share(const Files& files, const std::string& path, std::uint64_t bytes) {
  constexpr std::uint64_t kPage = 4096;
  constexpr std::uint64_t kLeast = 64 << 10;
  const std::uint64_t shared = std::max(bytes / 8, kLeast);
  const std::uint64_t rest = bytes - std::min(bytes, shared);
  const auto others = static_cast<std::uint64_t>(std::ranges::count_if(files.mounts, [](auto& one) {
    return one.kind == Mount::Kind::Scratch && one.path != "/tmp" && one.path != kSharedMemory;
  }));
  std::uint64_t size = rest / 2;
  if (path == kSharedMemory) {
    size = shared;
  } else if (path != "/tmp") {
    size = rest / 2 / std::max<std::uint64_t>(others, 1);
  }
  return std::max(size, kLeast) / kPage * kPage;
}

json::array mounts(const Bundle& bundle) {
  json::array list;
  // Its own, and not what the tree has there.
  list.push_back({{"destination", "/proc"}, {"type", "proc"}, {"source", "proc"}});
  for (const Mount& mount : bundle.files->mounts) {
    if (mount.kind == Mount::Kind::Host) {
      list.push_back({{"destination", mount.path},
                      {"type", "bind"},
                      {"source", fmt::format("{}{}", place::kRootfs, mount.path)},
                      {"options", {"rbind", "nosuid", "nodev"}}});
      continue;
    }
    const bool common = mount.path == "/tmp" || mount.path == kSharedMemory;
    const auto size = share(*bundle.files, mount.path, bundle.scratch_bytes);
    list.push_back({{"destination", mount.path},
                    {"type", "tmpfs"},
                    {"source", "tmpfs"},
                    {"options",
                     {"nosuid", "nodev", fmt::format("size={}", size),
                      fmt::format("mode={}", common ? "1777" : "0700")}}});
  }
  return list;
}

json::array words(const std::vector<std::string>& list) {
  return json::array(list.begin(), list.end());
}

std::vector<std::string> arguments(const Bundle& bundle) {
  if (!bundle.stage) return bundle.arguments;
  std::vector<std::string> words{std::string(place::kStage),
                                 fmt::format("{}", bundle.stage->tasks)};
  words.insert(words.end(), bundle.stage->candidates.begin(), bundle.stage->candidates.end());
  words.emplace_back("--");
  words.insert(words.end(), bundle.arguments.begin(), bundle.arguments.end());
  return words;
}

// Of gVisor's kernel, for the mount and its directory, and to give up the rest; none is left to the
// command.
json::object rights_of_stage() {
  const json::array rights{"CAP_SYS_ADMIN", "CAP_DAC_OVERRIDE", "CAP_SETPCAP"};
  return {{"bounding", rights}, {"effective", rights}, {"permitted", rights}};
}

json::object process(const Bundle& bundle) {
  json::object process{{"terminal", bundle.terminal.has_value()},
                       {"user", {{"uid", 0}, {"gid", 0}}},
                       {"args", words(arguments(bundle))},
                       {"env", words(bundle.environment)},
                       {"cwd", bundle.work_dir},
                       {"capabilities", bundle.stage ? rights_of_stage() : json::object{}},
                       {"noNewPrivileges", true}};
  if (bundle.terminal) {
    process["consoleSize"] = {{"height", bundle.terminal->rows},
                              {"width", bundle.terminal->columns}};
  }
  json::array limits;
  const auto limit = [&](std::string_view name, std::uint64_t value) {
    limits.push_back({{"type", name}, {"soft", value}, {"hard", value}});
  };
  limit("RLIMIT_CORE", 0);
  limit("RLIMIT_NOFILE", 65536);
  if (bundle.file_size_bytes) limit("RLIMIT_FSIZE", *bundle.file_size_bytes);
  process["rlimits"] = std::move(limits);
  return process;
}

}  // namespace

std::string to_json(const Bundle& bundle) {
  const json::object config{{"ociVersion", "1.0.2"},
                            {"process", process(bundle)},
                            // What may be written is for the mounts of the tree to say.
                            {"root", {{"path", place::kRootfs}, {"readonly", false}}},
                            {"hostname", bundle.hostname},
                            {"mounts", mounts(bundle)},
                            {"linux", json::object{}}};
  return json::serialize(config);
}

}  // namespace cordon::gvisor
