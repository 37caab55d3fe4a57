#include "docker/owner.h"

#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <optional>
#include <random>
#include <utility>
#include <vector>

#include "core/id.h"
#include "core/try.h"
#include "docker/own_host.h"
#include "docker/podman_build.h"
#include "docker/start_time.h"
#include "linux/proc_file.h"

namespace cordon::docker {

namespace {

struct OwnerText {
  std::string_view boot;
  std::string_view pid_namespace;
  std::string_view pid;
  long long start = 0;
  std::string_view host;  // empty: not named
  pid_t number = 0;
};

std::string boot_id() {
  return linux_os::read_proc_line("/proc/sys/kernel/random/boot_id").value_or("");
}

std::string pid_namespace() {
  struct stat status{};
  if (::stat("/proc/self/ns/pid", &status) != 0) return "";
  return fmt::format("{}", status.st_ino);
}

std::optional<OwnerText> parse(std::string_view label) {
  std::vector<std::string_view> parts;
  while (true) {
    const auto slash = label.find('/');
    parts.push_back(label.substr(0, slash));
    if (slash == std::string_view::npos) break;
    label.remove_prefix(slash + 1);
  }
  constexpr std::size_t kWithoutHost = 4;
  if (parts.size() != kWithoutHost && parts.size() != kWithoutHost + 1) return std::nullopt;
  for (const std::string_view part : parts) {
    if (part.empty()) return std::nullopt;
  }
  const auto pid = to_number(parts[2]);
  const auto start = to_number(parts[3]);
  if (!pid || *pid <= 0 || !std::in_range<pid_t>(*pid) || !start) return std::nullopt;
  const bool has_host = parts.size() > kWithoutHost;
  return OwnerText{.boot = parts[0],
                   .pid_namespace = parts[1],
                   .pid = parts[2],
                   .start = *start,
                   .host = has_host ? parts[4] : "",
                   .number = static_cast<pid_t>(*pid)};
}

// A run's, from make_id(), or an environment's.
bool is_id(std::string_view text) {
  constexpr std::size_t kRuns = 36;
  constexpr std::size_t kEnvironments = 16;
  return (text.size() == kRuns || text.size() == kEnvironments) &&
         text.find_first_not_of("0123456789abcdef-") == std::string_view::npos;
}

bool is_hexadecimal(std::string_view text) {
  return text.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

// Of an environment's container: "cordon-env-ID", or that and whose it is while it is aside, with
// dots, which are in none of an owner's parts, and a number of its own.
std::string environment_name(std::string_view id) { return fmt::format("cordon-env-{}", id); }

constexpr char kDot = '.';

constexpr std::size_t kNumberDigits = 12;  // those at the end of an id of make_id()

// Empty where the name tells of no owner.
std::string owner_in_name(std::string_view name, std::string_view id) {
  if (name.starts_with('/')) name.remove_prefix(1);
  const std::string before = environment_name(id) + "-";
  const auto number = name.rfind(kDot);
  if (!name.starts_with(before) || number == std::string_view::npos) return "";
  // A clone of Podman's has the name of what it was cloned from, and more.
  const std::string_view digits = name.substr(number + 1);
  if (digits.size() != kNumberDigits || !is_hexadecimal(digits)) return "";
  std::string owner(name.substr(before.size(), number - before.size()));
  std::ranges::replace(owner, kDot, '/');
  return parse(owner) ? owner : "";
}

std::string owner_of(const engine::ContainerSummary& container) {
  for (const std::string& name : container.names) {
    std::string owner = owner_in_name(name, label_of(container.labels, kSandboxLabel));
    if (!owner.empty()) return owner;
  }
  return std::string(label_of(container.labels, kOwnerLabel));
}

// What is made is started within minutes, unless whoever asked for it gave up waiting: then the
// engine made it all the same, and its owner may live on.
bool was_given_up(const engine::ContainerSummary& container,
                  std::chrono::system_clock::time_point now) {
  constexpr std::chrono::minutes kLong{10};
  const std::chrono::system_clock::time_point made{std::chrono::seconds(container.created)};
  return container.state == "created" && container.created > 0 && now - made > kLong;
}

}  // namespace

std::string own_process_label() {
  const std::string pid = fmt::format("{}", ::getpid());
  return fmt::format("{}/{}/{}/{}", boot_id(), pid_namespace(), pid, start_time(pid).value_or(0));
}

std::string own_owner_label() {
  const std::string host = own_host();
  return own_process_label() + (host.empty() ? "" : "/" + host);
}

Owner look_up_owner(std::string_view label, bool local) {
  const auto owner = parse(label);
  if (!owner) return Owner::Unknown;
  if (owner->boot != boot_id()) {
    if (owner->host.empty()) return local ? Owner::Dead : Owner::Unknown;
    return owner->host == own_host() ? Owner::Dead : Owner::Elsewhere;
  }
  if (owner->pid_namespace != pid_namespace()) return Owner::Unknown;
  if (const auto started = start_time(owner->pid)) {
    // An offset that is no whole number of ticks: rounded twice. No number of a process comes back
    // within one.
    constexpr long long kRounded = 1;
    const bool same = std::abs(*started - owner->start) <= kRounded;
    return same ? Owner::Alive : Owner::Dead;
  }
  // A /proc that hides the processes of others (hidepid) hides living ones.
  return ::kill(owner->number, 0) != 0 && errno == ESRCH ? Owner::Dead : Owner::Unknown;
}

Result<std::string> name_aside(std::string_view environment) {
  const std::string id = TRY(make_id());
  std::string owner = own_owner_label();
  std::ranges::replace(owner, '/', kDot);
  return fmt::format("{}-{}{}{}", environment_name(environment), owner, kDot,
                     id.substr(id.size() - kNumberDigits));
}

std::string_view label_of(const engine::Pairs& labels, std::string_view name) {
  const auto found = std::ranges::find(labels, name, [](const auto& one) { return one.first; });
  return found == labels.end() ? std::string_view() : std::string_view(found->second);
}

bool has_our_name(const engine::ContainerSummary& container) {
  const std::string_view id = label_of(container.labels, kSandboxLabel);
  if (!is_id(id)) return false;
  return std::ranges::any_of(container.names, [&](std::string_view name) {
    if (name.starts_with('/')) name.remove_prefix(1);
    return name == fmt::format("cordon-{}", id) || name == environment_name(id) ||
           !owner_in_name(name, id).empty();
  });
}

bool is_left(const engine::ContainerSummary& container, bool local,
             std::chrono::system_clock::time_point now) {
  if (!has_our_name(container)) return false;
  const std::string owner = owner_of(container);
  if (look_up_owner(owner, local) == Owner::Dead) return true;
  // While it is aside, an environment's says so in its name, without the host.
  const bool ours = owner == own_owner_label() || owner == own_process_label();
  return ours && was_given_up(container, now);
}

Result<int> reap_orphans(const engine::Client& client) {
  const bool local = client.endpoint().kind == engine::Endpoint::Kind::Unix;
  const auto is_orphan = [&](const engine::Labelled& one) {
    return look_up_owner(label_of(one.labels, kOwnerLabel), local) == Owner::Dead;
  };
  int removed = 0;
  auto containers = TRY(client.list(kOwnerLabel));
  // Where time is short, those that take long do not keep the same others every time.
  std::ranges::shuffle(containers, std::random_device());
  for (const auto& container : containers) {
    if (!is_left(container, local)) continue;
    // One that cannot be removed keeps none of the others.
    if (client.remove(container.id)) ++removed;
  }
  // After the containers, which hold them.
  for (const auto& volume : TRY(client.volumes(kOwnerLabel))) {
    if (!is_orphan(volume)) continue;
    if (client.remove_volume(volume.id)) ++removed;
  }
  for (const auto& network : TRY(client.networks(kOwnerLabel))) {
    if (!is_orphan(network)) continue;
    if (client.remove_network(network.id)) ++removed;
  }
  if (local && client.version().is_podman()) removed += end_left_builds();
  return removed;
}

void reap_orphans_in_passing(const engine::Client& client) {
  constexpr std::chrono::seconds kPatience{2};
  (void)reap_orphans(client.until(engine::Clock::now() + kPatience));
}

}  // namespace cordon::docker
