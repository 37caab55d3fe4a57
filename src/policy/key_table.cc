#include "policy/key_table.h"

#include <algorithm>

#include "policy/limit_ranges.h"

namespace cordon {

namespace {

constexpr std::string_view kSize = "bytes, or a text with K, M, G or T (1024 each)";
constexpr std::string_view kTime = "seconds, or a text such as 500ms, 30s, 5m, 1h30m";
constexpr std::string_view kPaths = "a list of paths or patterns, or of { path, optional, reason }";
constexpr std::string_view kNever = "refused";
constexpr std::string_view kMore = "may add";
constexpr std::string_view kLower = "may lower";
constexpr double kMostBytes = 9.2e18;

constexpr std::array kTable = {
    KeySpec{.key = Key::Description,
            .name = "description",
            .type = KeyType::Text,
            .unit = "a text",
            .meaning = "What this policy is for, for people.",
            .project = "may state",
            .example = "\"builds of our team\""},
    KeySpec{.key = Key::Preset,
            .name = "preset",
            .type = KeyType::Name,
            .unit = "strict, workspace or off",
            .meaning = "The policy to start from. The last one stated counts; without any it is "
                       "workspace. off opens the file system and the network, and can only be "
                       "chosen on the command line.",
            .project = kNever,
            .example = "\"workspace\""},
    KeySpec{.key = Key::Packs,
            .name = "packs",
            .type = KeyType::Names,
            .unit = "a list of names",
            .meaning = "What a tool needs besides: its caches, never its tokens. All that are "
                       "stated anywhere are taken.",
            .project = kNever,
            .example = "[\"git\", \"node\"]"},
    KeySpec{.key = Key::Include,
            .name = "include",
            .type = KeyType::Names,
            .unit = "a list of files, relative to this one",
            .meaning = "Policies that come before this one, in this layer.",
            .project = kNever,
            .example = "[\"team.toml\"]"},
    KeySpec{.key = Key::Read,
            .name = "filesystem.read",
            .type = KeyType::Paths,
            .unit = kPaths,
            .meaning = "Shown, read-only and executable.",
            .project = kNever,
            .example = "[\"/opt/toolchain\"]"},
    KeySpec{.key = Key::Write,
            .name = "filesystem.write",
            .type = KeyType::Paths,
            .unit = kPaths,
            .meaning = "Shown, and may be changed.",
            .project = kNever,
            .example = "[\"./build\", { path = \"~/.cache/pip\", optional = true }]"},
    KeySpec{.key = Key::Protect,
            .name = "filesystem.protect",
            .type = KeyType::Paths,
            .unit = kPaths,
            .meaning = "As visible as what surrounds it, but never changed, replaced or created.",
            .project = kMore,
            .example = "[\"Makefile\", \"**/package.json\"]"},
    KeySpec{.key = Key::Deny,
            .name = "filesystem.deny",
            .type = KeyType::Paths,
            .unit = kPaths,
            .meaning = "The name is visible, every access fails.",
            .project = kMore,
            .example = "[\"**/.env\", \"~/.ssh\"]"},
    KeySpec{.key = Key::Hide,
            .name = "filesystem.hide",
            .type = KeyType::Paths,
            .unit = kPaths,
            .meaning = "Reads as an empty file or directory.",
            .project = kMore,
            .example = "[\"secrets\"]"},
    KeySpec{.key = Key::Network,
            .name = "network.mode",
            .type = KeyType::Choice,
            .unit = "none or open",
            .meaning = "none: only a loopback interface of its own. open: the caller's network, "
                       "unfiltered.",
            .project = "may say none",
            .example = "\"none\"",
            .choices = {"none", "open"}},
    KeySpec{.key = Key::Memory,
            .name = "limits.memory",
            .type = KeyType::Size,
            .unit = kSize,
            .meaning = "Memory and swap of all its processes together.",
            .project = kLower,
            .example = "\"512M\"",
            .least = kLeastMemory,
            .most = kMostBytes},
    KeySpec{.key = Key::Cpus,
            .name = "limits.cpus",
            .type = KeyType::Cores,
            .unit = "processors; 0.5 is half of one",
            .meaning = "Processor time.",
            .project = kLower,
            .example = "1.5",
            .least = kLeastCpus,
            .most = kMostCpus},
    KeySpec{.key = Key::Pids,
            .name = "limits.pids",
            .type = KeyType::Count,
            .unit = "a whole number",
            .meaning = "Processes and threads.",
            .project = kLower,
            .example = "256",
            .least = 1,
            .most = kMostPids},
    KeySpec{.key = Key::Timeout,
            .name = "limits.timeout",
            .type = KeyType::Duration,
            .unit = kTime,
            .meaning = "End everything after this long.",
            .project = kLower,
            .example = "\"5m\""},
    KeySpec{.key = Key::Output,
            .name = "limits.output",
            .type = KeyType::Size,
            .unit = kSize,
            .meaning = "Standard output and standard error, each; what comes after is dropped.",
            .project = kLower,
            .example = "\"8M\"",
            .most = kMostBytes},
    KeySpec{.key = Key::Disk,
            .name = "limits.disk",
            .type = KeyType::Size,
            .unit = kSize,
            .meaning = "Its private directories together, and any one file that it writes "
                       "elsewhere.",
            .project = kLower,
            .example = "\"2G\"",
            .least = kLeastDisk,
            .most = kMostBytes},
    KeySpec{.key = Key::MaxMemory,
            .name = "limits.max_memory",
            .type = KeyType::Size,
            .unit = kSize,
            .meaning = "The most that a later layer may state for memory.",
            .project = kLower,
            .example = "\"4G\"",
            .least = kLeastMemory,
            .most = kMostBytes},
    KeySpec{.key = Key::MaxCpus,
            .name = "limits.max_cpus",
            .type = KeyType::Cores,
            .unit = "processors",
            .meaning = "The most that a later layer may state for cpus.",
            .project = kLower,
            .example = "4",
            .least = kLeastCpus,
            .most = kMostCpus},
    KeySpec{.key = Key::MaxPids,
            .name = "limits.max_pids",
            .type = KeyType::Count,
            .unit = "a whole number",
            .meaning = "The most that a later layer may state for pids.",
            .project = kLower,
            .example = "1024",
            .least = 1,
            .most = kMostPids},
    KeySpec{.key = Key::MaxTimeout,
            .name = "limits.max_timeout",
            .type = KeyType::Duration,
            .unit = kTime,
            .meaning = "The most that a later layer may state for timeout.",
            .project = kLower,
            .example = "\"1h\""},
    KeySpec{.key = Key::MaxOutput,
            .name = "limits.max_output",
            .type = KeyType::Size,
            .unit = kSize,
            .meaning = "The most that a later layer may state for output.",
            .project = kLower,
            .example = "\"64M\"",
            .most = kMostBytes},
    KeySpec{.key = Key::MaxDisk,
            .name = "limits.max_disk",
            .type = KeyType::Size,
            .unit = kSize,
            .meaning = "The most that a later layer may state for disk.",
            .project = kLower,
            .example = "\"10G\"",
            .least = kLeastDisk,
            .most = kMostBytes},
    KeySpec{.key = Key::EnvPass,
            .name = "env.pass",
            .type = KeyType::Names,
            .unit = "a list of names",
            .meaning = "Variables of the caller that are passed on, where the caller has them.",
            .project = kNever,
            .example = "[\"LANG\", \"CI\"]"},
    KeySpec{.key = Key::EnvSet,
            .name = "env.set",
            .type = KeyType::Variables,
            .unit = "a table of texts",
            .meaning = "Variables with these values; they override all others.",
            .project = kNever,
            .example = "{ CI = \"1\" }"},
    KeySpec{.key = Key::EnvDrop,
            .name = "env.drop",
            .type = KeyType::Names,
            .unit = "a list of names",
            .meaning = "Variables that earlier layers pass or set, taken away.",
            .project = kMore,
            .example = "[\"GITHUB_TOKEN\"]"},
    KeySpec{.key = Key::EnvPath,
            .name = "env.path",
            .type = KeyType::Names,
            .unit = "a list of directories",
            .meaning = "Where programs are looked for first: PATH begins with these. They must be "
                       "shown, too.",
            .project = kNever,
            .example = "[\"~/.cargo/bin\"]"},
    KeySpec{.key = Key::Require,
            .name = "require.guarantees",
            .type = KeyType::Names,
            .unit = "a list of guarantees, see `cordon doctor`",
            .meaning = "Where one of them is not enforced, nothing is run.",
            .project = kMore,
            .example = "[\"network.egress\", \"filesystem.write\"]"},
    KeySpec{.key = Key::Hostname,
            .name = "identity.hostname",
            .type = KeyType::Text,
            .unit = "1 to 64 letters, digits, dots and dashes",
            .meaning = "The host name it sees.",
            .project = kNever,
            .example = "\"sandbox\""},
    KeySpec{.key = Key::Uid,
            .name = "identity.uid",
            .type = KeyType::Count,
            .unit = "a whole number",
            .meaning = "The user id it sees.",
            .project = kNever,
            .example = "1000",
            .least = 0,
            .most = kMostUid},
    KeySpec{.key = Key::NestedNamespaces,
            .name = "process.nested_namespaces",
            .type = KeyType::Choice,
            .unit = "refused or allowed",
            .meaning = "Whether it may make user namespaces of its own, as sandboxes of browsers "
                       "do.",
            .project = "may say refused",
            .example = "\"refused\"",
            .choices = {"refused", "allowed"}},
};

}  // namespace

std::span<const KeySpec> key_table() { return kTable; }

const KeySpec& spec_of(Key key) { return kTable[static_cast<std::size_t>(key)]; }

const KeySpec* find_key(std::string_view name) {
  const auto found = std::ranges::find(kTable, name, &KeySpec::name);
  return found == kTable.end() ? nullptr : &*found;
}

std::string_view section_of(const KeySpec& spec) {
  const auto dot = spec.name.find('.');
  return dot == std::string_view::npos ? std::string_view() : spec.name.substr(0, dot);
}

std::vector<std::string_view> names_in(std::string_view section) {
  std::vector<std::string_view> names;
  for (const KeySpec& spec : kTable) {
    const std::string_view own = section_of(spec);
    std::string_view name = spec.name;
    if (own != section) {
      if (!section.empty()) continue;
      name = own;
    } else if (!own.empty()) {
      name.remove_prefix(own.size() + 1);
    }
    if (std::ranges::find(names, name) == names.end()) names.push_back(name);
  }
  return names;
}

}  // namespace cordon
