#include "docker/files.h"

#include <fmt/format.h>

#include <algorithm>
#include <string_view>

#include "core/try.h"
#include "native/candidate.h"
#include "native/never_shown.h"
#include "native/paths.h"
#include "native/unheld_names.h"

namespace cordon::docker {

namespace {

using native::Grant;
using native::is_beneath;
using native::Rule;

constexpr std::string_view kSharedMemory = "/dev/shm";

std::unexpected<Error> refuse(const Rule& rule, std::string detail) {
  return std::unexpected(invalid_argument(std::string(rule.origin), rule.path, std::move(detail)));
}

std::vector<std::string> asked(const engine::Endpoint& endpoint) {
  if (endpoint.kind != engine::Endpoint::Kind::Unix) return {};
  return {endpoint.path};
}

class Translator {
 public:
  Translator(const native::RuleSet& rules, const engine::Endpoint& endpoint)
      : rules_(rules), sockets_(asked(endpoint)), shown_(rules.rules.size(), false) {}

  Result<Files> translate() {
    for (std::size_t i = 0; i < rules_.rules.size(); ++i) TRY(add(i));
    files_.unheld = native::unheld_names(rules_, [&](const Rule& rule) {
      return shown_[static_cast<std::size_t>(&rule - rules_.rules.data())];
    });
    return std::move(files_);
  }

 private:
  Result<void> add(std::size_t index) {
    const Rule& rule = rules_.rules[index];
    switch (rule.grant) {
      case Grant::Scratch:
        if (rule.path != kSharedMemory) files_.scratch.push_back(rule.path);
        return {};
      case Grant::Read:
      case Grant::Write:
        return show(index);
      case Grant::Deny:
      case Grant::Hide:
        if (is_shown(rule.parent)) take_away(rule);
        return {};
    }
    return {};
  }

  Result<void> show(std::size_t index) {
    const Rule& rule = rules_.rules[index];
    // The system's directories are the image's; what the defaults say of a directory that is
    // shown holds there, too.
    if (rule.from_default && rule.grant == Grant::Read && !is_shown(rule.parent)) return {};
    TRY(check(rule));
    shown_[index] = true;
    files_.binds.push_back({rule.path, rule.path, rule.grant == Grant::Read});
    return {};
  }

  Result<void> check(const Rule& rule) const {
    for (const std::string_view own : {"/proc", "/sys", "/dev"}) {
      if (is_beneath(rule.path, own)) {
        return refuse(rule, fmt::format("a container has a {} of its own", own));
      }
    }
    return sockets_.refuse(rule, rules_.rules);
  }

  // An engine gives a mount over a directory the directory's own mode: no mount of its refuses what
  // the directory did not.
  void take_away(const Rule& rule) {
    files_.denies = files_.denies || rule.grant == Grant::Deny;
    // A mask is put on after the mounts, over what is beneath as well.
    if (rule.directory && rule.has_inner) {
      files_.covered.push_back(rule.path);
    } else {
      files_.masked.push_back({rule.path, rule.directory});
    }
  }

  bool is_shown(int index) const { return index >= 0 && shown_[static_cast<std::size_t>(index)]; }

  const native::RuleSet& rules_;
  native::RootSockets sockets_;
  std::vector<bool> shown_;
  Files files_;
};

}  // namespace

Result<Files> files_of(const native::RuleSet& rules, const engine::Endpoint& endpoint) {
  return Translator(rules, endpoint).translate();
}

void take_away(const Files& files, Masking masking, const std::string& empty_file,
               engine::HostConfig& host) {
  for (const std::string& place : files.covered) {
    host.tmpfs.emplace_back(place, "rw,nosuid,nodev,noexec,size=65536,mode=0111");
  }
  for (const Masked& masked : files.masked) {
    if (masking == Masking::ByRuntime) {
      host.masked_paths.push_back(masked.path);
    } else if (masked.directory) {
      host.tmpfs.emplace_back(masked.path, "ro,nosuid,nodev,noexec,size=65536,mode=0555");
    } else {
      host.mounts.push_back({empty_file, masked.path, true});
    }
  }
}

void add_scratch(const Files& files, const std::vector<std::string>& volumes,
                 const Identity& identity, std::uint64_t disk_bytes, engine::HostConfig& host) {
  constexpr std::uint64_t kPage = 4096;
  constexpr std::uint64_t kLeast = 64 << 10;
  constexpr std::uint64_t kLeastInodes = 1024;
  std::vector<std::string> places = files.scratch;
  const auto is_mounted = [&](const std::string& place) {
    return std::ranges::find(places, place) != places.end() ||
           std::ranges::any_of(host.mounts,
                               [&](const auto& mount) { return mount.target == place; });
  };
  for (const std::string& volume : volumes) {
    const std::string place = native::normalize(volume, "/");
    if (place != "/" && !is_mounted(place)) places.push_back(place);
  }
  // An eighth for shared memory; half of the rest for /tmp.
  const std::uint64_t shared = std::max(disk_bytes / 8, kLeast);
  host.shm_size = static_cast<std::int64_t>(shared);
  const std::uint64_t rest = disk_bytes - std::min(disk_bytes, shared);
  for (const std::string& place : places) {
    const bool temporary = place == "/tmp";
    const std::uint64_t others = places.size() > 1 ? places.size() - 1 : 1;
    const std::uint64_t share = places.size() == 1 ? rest : rest / 2 / (temporary ? 1 : others);
    const std::uint64_t size = std::max(share, kLeast) / kPage * kPage;
    host.tmpfs.emplace_back(
        place, fmt::format("rw,nosuid,nodev,noexec,size={},nr_inodes={},mode={},uid={},gid={}",
                           size, std::max(size / kPage, kLeastInodes), temporary ? "1777" : "0700",
                           identity.uid, identity.gid));
  }
}

}  // namespace cordon::docker
