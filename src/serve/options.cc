#include "serve/options.h"

#include <grp.h>
#include <toml++/toml.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <utility>

#include "cli/option_values.h"
#include "core/try.h"
#include "policy/policy_file.h"

namespace cordon::serve {

namespace {

using cli::OptionSpec;

constexpr OptionSpec option(ServeOption id, std::string_view name, std::string_view value,
                            std::string_view group, std::string_view help,
                            std::string_view initial = "") {
  return {static_cast<int>(id), name, value, group, help, initial};
}

constexpr std::string_view kSocket = "Unix socket";
constexpr std::string_view kTcp = "TCP";
constexpr std::string_view kDaemon = "Daemon";
constexpr std::string_view kWork = "What it runs";
constexpr std::string_view kLxc = "Backend lxc";
constexpr std::string_view kGvisor = "Backend gvisor";
constexpr std::string_view kKept = "What it keeps";

constexpr std::array kTable = {
    option(ServeOption::Socket, "socket", "PATH", kSocket, "Listen there.",
           "$XDG_RUNTIME_DIR/cordon.sock; of root /run/cordon.sock"),
    option(ServeOption::SocketGroup, "socket-group", "GROUP", kSocket,
           "Members of GROUP may use it too, each for itself."),
    option(ServeOption::AllowUid, "allow-uid", "UID", kSocket,
           "This user may use it too, where the socket's mode lets it. May be repeated."),
    option(ServeOption::Listen, "listen", "ADDR:PORT", kTcp,
           "Listen there too. Callers need a key: cordon keys add NAME."),
    option(ServeOption::TlsCert, "tls-cert", "FILE", kTcp,
           "Certificate with its chain, in PEM: TLS 1.2 and 1.3."),
    option(ServeOption::TlsKey, "tls-key", "FILE", kTcp, "Its private key, in PEM."),
    option(ServeOption::PlainText, "plain-text-over-the-network", "", kTcp,
           "Listen on an address of the network without TLS: keys, commands and output can be read "
           "on the way."),
    option(ServeOption::AllowHost, "allow-host", "NAME", kTcp,
           "Clients may call the server NAME. May be repeated.", "localhost and its addresses"),
    option(ServeOption::AllowOrigin, "allow-origin", "ORIGIN", kTcp,
           "Web pages of ORIGIN may use the API. May be repeated.", "none"),
    option(ServeOption::StateDir, "state-dir", "DIR", kDaemon, "Keep keys and records there.",
           "$CORDON_STATE_DIR; of root /var/lib/cordon"),
    option(ServeOption::Config, "config", "FILE", kDaemon,
           "Read options from FILE first, in TOML: max-running = 8."),
    option(ServeOption::MaxBody, "max-body", "SIZE", kDaemon, "Take bodies of at most SIZE.", "8M"),
    option(ServeOption::MaxUpload, "max-upload", "SIZE", kDaemon,
           "Take inputs of jobs of at most SIZE, and four times as much of all at a time.", "1G"),
    option(ServeOption::Grace, "grace", "DURATION", kDaemon,
           "At the end, let what runs go on for at most DURATION.", "30s"),
    option(ServeOption::MaxRunning, "max-running", "N", kWork, "Run at most N at a time.",
           "four for each processor"),
    option(ServeOption::MaxQueued, "max-queued", "N", kWork, "Let at most N wait.", "1024"),
    option(ServeOption::DefaultTimeout, "default-timeout", "DURATION", kWork,
           "For requests that do not say.", "5m"),
    option(ServeOption::MaxTimeout, "max-timeout", "DURATION", kWork, "For any request.", "5m"),
    option(ServeOption::DefaultMemory, "default-memory", "SIZE", kWork,
           "For requests that do not say.", "256M"),
    option(ServeOption::MaxMemory, "max-memory", "SIZE", kWork, "For any request.",
           "half of the machine's"),
    option(ServeOption::WorkDir, "work-dir", "DIR", kWork,
           "Callers who are not administrators may name directories below DIR. May be repeated.",
           "none: they get private ones"),
    option(ServeOption::LxcExecutable, "lxc-executable", "NAME", kLxc,
           "lxc for LXD, incus or lxc-attach, also with a path: whose instances.",
           "the one that answers"),
    option(ServeOption::LxcSocket, "lxc-socket", "PATH", kLxc, "Where it listens.",
           "as that command finds it"),
    option(ServeOption::LxcContainers, "lxc-containers", "DIR", kLxc,
           "Where lxc-attach finds its containers.", "as that command finds them"),
    option(ServeOption::LxcProject, "lxc-project", "NAME", kLxc, "In this project of it.",
           "default"),
    option(ServeOption::LxcInstance, "lxc-instance", "NAME", kLxc,
           "Requests without an image run in this instance, which runs already."),
    option(ServeOption::LxcImage, "lxc-image", "NAME", kLxc,
           "Requests without an image get an instance of this one."),
    option(ServeOption::LxcNetwork, "lxc-network", "NAME", kLxc,
           "Instances that are made get an address of this bridge, where the policy opens the "
           "network.",
           "the default profile's"),
    option(ServeOption::GvisorPlatform, "gvisor-platform", "NAME", kGvisor,
           "systrap, kvm or ptrace: nothing runs where that one does not work.",
           "the first that works"),
    option(ServeOption::OutputLifetime, "output-lifetime", "DURATION", kKept,
           "Forget what a command wrote after DURATION; its record stays.", "7d"),
    option(ServeOption::OutputQuota, "output-quota", "SIZE", kKept,
           "Keep at most SIZE of output of all commands; the oldest goes first.", "512M"),
    option(ServeOption::RecordLifetime, "record-lifetime", "DURATION", kKept,
           "Forget what ended longer ago, with its output.", "90d"),
    option(ServeOption::MaxRecords, "max-records", "N", kKept,
           "Remember at most N executions; the oldest go first.", "200000"),
    option(ServeOption::ArtifactLifetime, "artifact-lifetime", "DURATION", kKept,
           "Forget what a job left after DURATION; its record stays.", "7d"),
    option(
        ServeOption::ArtifactQuota, "artifact-quota", "SIZE", kKept,
        "Keep at most SIZE of what jobs left, a quarter of it of any one; the oldest goes first.",
        "2G"),
    option(ServeOption::MaxAuditLog, "max-audit-log", "SIZE", kKept,
           "Keep at most SIZE of audit.jsonl, half of it in audit.jsonl.1; the oldest goes first.",
           "128M"),
    option(ServeOption::Help, "help", "", kKept, "Print this page."),
};

Result<gid_t> group_value(std::string_view value) {
  const std::string name(value);
  if (const group* const found = ::getgrnam(name.c_str())) return found->gr_gid;
  return cli::refuse_option("socket-group", value, "there is no such group");
}

Result<std::string> absolute_value(std::string_view name, std::string_view value) {
  if (value.starts_with('/')) return std::string(value);
  return cli::refuse_option(name, value, "a path that begins with / is wanted");
}

Result<void> apply(ServeOptions& options, const OptionSpec& spec, std::string_view value) {
  ManagerConfig& manager = options.manager;
  constexpr cli::Range<std::uint64_t> kCount{1, 1'000'000};
  switch (static_cast<ServeOption>(spec.id)) {
    case ServeOption::Socket:
      options.socket = TRY(absolute_value(spec.name, value));
      return {};
    case ServeOption::SocketGroup:
      options.socket_group = TRY(group_value(value));
      return {};
    case ServeOption::AllowUid:
      options.users.push_back(
          static_cast<uid_t>(TRY(cli::whole_number_value(spec.name, value, {0, UINT32_MAX - 1}))));
      return {};
    case ServeOption::Listen:
      options.listen = TRY(parse_address(value));
      return {};
    case ServeOption::TlsCert:
      options.tls_certificate = value;
      return {};
    case ServeOption::TlsKey:
      options.tls_key = value;
      return {};
    case ServeOption::PlainText:
      options.plain_text = PlainTextNetwork::Accepted;
      return {};
    case ServeOption::AllowHost:
      options.hosts.emplace_back(value);
      return {};
    case ServeOption::AllowOrigin:
      options.origins.emplace_back(value);
      return {};
    case ServeOption::StateDir:
      options.state_dir = TRY(absolute_value(spec.name, value));
      return {};
    case ServeOption::MaxBody:
      options.max_body = TRY(cli::size_value(spec.name, value, 1024));
      return {};
    case ServeOption::MaxUpload:
      options.max_upload = TRY(cli::size_value(spec.name, value, 1024));
      return {};
    case ServeOption::Grace:
      options.grace = TRY(cli::duration_value(spec.name, value));
      return {};
    case ServeOption::MaxRunning:
      manager.max_running =
          static_cast<std::size_t>(TRY(cli::whole_number_value(spec.name, value, kCount)));
      return {};
    case ServeOption::MaxQueued:
      manager.max_queued =
          static_cast<std::size_t>(TRY(cli::whole_number_value(spec.name, value, kCount)));
      return {};
    case ServeOption::DefaultTimeout:
      manager.default_timeout = TRY(cli::duration_value(spec.name, value));
      manager.max_timeout = std::max(manager.max_timeout, manager.default_timeout);
      return {};
    case ServeOption::MaxTimeout:
      manager.max_timeout = TRY(cli::duration_value(spec.name, value));
      return {};
    case ServeOption::DefaultMemory:
      manager.default_memory_bytes = TRY(cli::size_value(spec.name, value, 4 << 20));
      return {};
    case ServeOption::MaxMemory:
      manager.max_memory_bytes = TRY(cli::size_value(spec.name, value, 4 << 20));
      return {};
    case ServeOption::WorkDir:
      manager.work_dirs.push_back(TRY(absolute_value(spec.name, value)));
      return {};
    case ServeOption::LxcExecutable:
      manager.lxc.executable = value;
      return {};
    case ServeOption::LxcSocket:
      manager.lxc.socket = TRY(absolute_value(spec.name, value));
      return {};
    case ServeOption::LxcContainers:
      manager.lxc.containers = TRY(absolute_value(spec.name, value));
      return {};
    case ServeOption::LxcProject:
      manager.lxc.project = value;
      return {};
    case ServeOption::LxcInstance:
      manager.lxc.instance = value;
      return {};
    case ServeOption::LxcImage:
      manager.lxc.image = value;
      return {};
    case ServeOption::LxcNetwork:
      manager.lxc.network = value;
      return {};
    case ServeOption::GvisorPlatform:
      manager.gvisor.platform = value;
      return {};
    case ServeOption::OutputLifetime:
      options.store.output_lifetime = TRY(cli::duration_value(spec.name, value));
      return {};
    case ServeOption::OutputQuota:
      options.store.output_quota = TRY(cli::size_value(spec.name, value, 0));
      return {};
    case ServeOption::RecordLifetime:
      options.store.execution_lifetime = TRY(cli::duration_value(spec.name, value));
      return {};
    case ServeOption::MaxRecords:
      options.store.most_executions = static_cast<std::int64_t>(
          TRY(cli::whole_number_value(spec.name, value, {1, 1'000'000'000})));
      return {};
    case ServeOption::ArtifactLifetime:
      options.jobs.lifetime = TRY(cli::duration_value(spec.name, value));
      return {};
    case ServeOption::ArtifactQuota:
      options.jobs.quota = TRY(cli::size_value(spec.name, value, 0));
      return {};
    case ServeOption::MaxAuditLog:
      options.most_audit_bytes = TRY(cli::size_value(spec.name, value, 64 << 10));
      return {};
    case ServeOption::Help:
      options.help = true;
      return {};
    case ServeOption::Config:
      return {};  // read before the others
  }
  return {};
}

// Values as they would stand on the command line.
std::optional<std::string> text_of(const toml::node& node) {
  if (auto text = node.value_exact<std::string>()) return text;
  if (const auto number = node.value_exact<std::int64_t>()) return std::to_string(*number);
  return std::nullopt;
}

Result<void> apply_key(ServeOptions& options, std::string_view key, const toml::node& node) {
  const auto* spec = std::ranges::find(kTable, key, &OptionSpec::name);
  const bool for_files = spec != kTable.end() && key != "config" && key != "help";
  if (!for_files) return cli::refuse_option(key, {}, "there is no such option for a file");
  if (spec->value.empty()) {
    const auto flag = node.value_exact<bool>();
    if (!flag) return cli::refuse_option(key, {}, "true or false is wanted");
    return *flag ? apply(options, *spec, {}) : Result<void>();
  }
  if (const toml::array* const all = node.as_array()) {
    for (const toml::node& item : *all) TRY(apply_key(options, key, item));
    return {};
  }
  const auto text = text_of(node);
  if (!text) return cli::refuse_option(key, {}, "a string or a whole number is wanted");
  return apply(options, *spec, *text);
}

Result<void> read_config(ServeOptions& options, const std::string& path) {
  const auto file = TRY(read_policy_file(path, Trust::Owner));
  if (!file) return std::unexpected(system_error("read the configuration", path, ENOENT));
  try {
    const toml::table table = toml::parse(file->text, path);
    for (const auto& [key, node] : table) {
      if (auto applied = apply_key(options, key.str(), node); !applied) {
        return std::unexpected(std::move(applied).error().in(path));
      }
    }
  } catch (const toml::parse_error& error) {
    return std::unexpected(
        invalid_argument("read the configuration", path, std::string(error.description())));
  }
  return {};
}

Result<void> check(const ServeOptions& options) {
  if (options.tls_certificate.empty() != options.tls_key.empty()) {
    return cli::refuse_option("tls-cert", {}, "it goes together with --tls-key");
  }
  const bool open_address = options.listen && !options.listen->loopback;
  if (open_address && options.tls_certificate.empty() &&
      options.plain_text == PlainTextNetwork::Refused) {
    return cli::refuse_option(
        "listen", options.listen->address,
        "everybody on the way could read the keys; give --tls-cert and --tls-key, listen on "
        "127.0.0.1, or say --plain-text-over-the-network");
  }
  return {};
}

}  // namespace

std::span<const OptionSpec> serve_option_table() { return kTable; }

cli::Page serve_page() {
  return {
      .usage = "usage: cordon serve [OPTION...]",
      .about =
          "Serves the HTTP API on a Unix socket, and on TCP where that is asked for. One line\n"
          "on standard output says when it is ready; what happens stands on standard error,\n"
          "one JSON object a line.",
      .options = kTable,
      .closing =
          "Examples:\n"
          "  cordon serve\n"
          "  cordon serve --listen 127.0.0.1:8080\n"
          "  curl --unix-socket /run/cordon.sock http://localhost/api/v1/sandbox/info\n"
          "\n"
          "Exit status:\n"
          "  0    it was asked to end, and did\n"
          "  125  it could not serve",
  };
}

Result<ServeOptions> read_serve_options(std::span<char* const> arguments) {
  const auto parsed = TRY(cli::parse_options(kTable, arguments));
  if (parsed.rest < arguments.size()) {
    return cli::refuse_option(arguments[parsed.rest], {}, "serve takes no argument");
  }
  ServeOptions options;
  for (const cli::GivenOption& given : parsed.given) {
    if (given.option->id == static_cast<int>(ServeOption::Config)) {
      TRY(read_config(options, std::string(given.value)));
    }
  }
  for (const cli::GivenOption& given : parsed.given) {
    TRY(apply(options, *given.option, given.value));
  }
  if (!options.help) TRY(check(options));
  return options;
}

}  // namespace cordon::serve
