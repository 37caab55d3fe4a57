#include <fmt/format.h>
#include <sys/utsname.h>

#include <algorithm>
#include <boost/json.hpp>
#include <initializer_list>
#include <set>
#include <utility>

#include "cordon/seccomp.h"
#include "core/try.h"
#include "core/utf8.h"
#include "linux/kernel_version.h"
#include "linux/seccomp_names.h"
#include "linux/seccomp_profile.h"

namespace cordon {

namespace {

namespace json = boost::json;

constexpr std::size_t kMostBytes = 1 << 20;
constexpr std::size_t kMostDepth = 16;
constexpr std::size_t kMostShown = 64;

#if defined(__x86_64__)
constexpr std::string_view kNative = "SCMP_ARCH_X86_64";
constexpr std::string_view kDockersName = "amd64";
#else
constexpr std::string_view kNative = "SCMP_ARCH_AARCH64";
constexpr std::string_view kDockersName = "arm64";
#endif

std::string shown(std::string_view text) {
  if (text.size() <= kMostShown) return fmt::format("\"{}\"", text);
  return fmt::format("\"{}...\"", replace_invalid_utf8(text.substr(0, kMostShown)));
}

std::unexpected<Error> refuse(std::string field, std::string detail) {
  return std::unexpected(
      invalid_argument("read the seccomp profile", std::move(field), std::move(detail)));
}

// A value and where it stands: "syscalls[3].args[0].index".
struct Field {
  const json::value* value = nullptr;
  std::string path;

  std::unexpected<Error> refuse(std::string detail) const {
    return cordon::refuse(path, std::move(detail));
  }
  // Absent: no such key, or null, which is how Go writes an empty list.
  std::optional<Field> find(std::string_view key) const {
    const json::value* found = value->as_object().if_contains(key);
    if (found == nullptr || found->is_null()) return std::nullopt;
    return Field{found, path.empty() ? std::string(key) : fmt::format("{}.{}", path, key)};
  }
};

Result<void> expect_object(const Field& field, std::initializer_list<std::string_view> known) {
  if (!field.value->is_object()) return field.refuse("not an object");
  for (const auto& entry : field.value->as_object()) {
    if (std::ranges::find(known, std::string_view(entry.key())) == known.end()) {
      return field.refuse(fmt::format("unknown key {}", shown(entry.key())));
    }
  }
  return {};
}

Result<std::string> text(const Field& field) {
  if (!field.value->is_string()) return field.refuse("not a string");
  return std::string(field.value->as_string());
}

Result<std::uint64_t> number(const Field& field, std::uint64_t most) {
  std::uint64_t value = 0;
  if (field.value->is_uint64()) {
    value = field.value->as_uint64();
  } else if (field.value->is_int64() && field.value->as_int64() >= 0) {
    value = static_cast<std::uint64_t>(field.value->as_int64());
  } else {
    return field.refuse("not a whole number from 0 up");
  }
  if (value > most) return field.refuse(fmt::format("{}: at most {}", value, most));
  return value;
}

Result<std::vector<Field>> list(const Field& field) {
  if (!field.value->is_array()) return field.refuse("not a list");
  std::vector<Field> items;
  for (const json::value& item : field.value->as_array()) {
    items.push_back({&item, fmt::format("{}[{}]", field.path, items.size())});
  }
  return items;
}

Result<std::vector<std::string>> texts(const std::optional<Field>& field) {
  std::vector<std::string> result;
  if (!field) return result;
  for (const Field& item : TRY(list(*field))) result.push_back(TRY(text(item)));
  return result;
}

Result<SeccompAction> action(const Field& field) {
  const std::string name = TRY(text(field));
  if (name == "SCMP_ACT_NOTIFY") return field.refuse("nobody here listens for notifications");
  const auto parsed = seccomp::parse_action(name);
  if (!parsed) return field.refuse(fmt::format("{}: no such action", shown(name)));
  return *parsed;
}

Result<std::optional<std::uint32_t>> error_number(const Field& object, std::string_view key,
                                                  SeccompAction action) {
  const auto field = object.find(key);
  if (!field) return std::nullopt;
  const bool traced = action == SeccompAction::Trace;
  const auto value = static_cast<std::uint32_t>(TRY(number(*field, traced ? 0xffff : 4095)));
  // Docker writes it beside every action; only these two have a use for it.
  if (!traced && action != SeccompAction::Errno) return std::nullopt;
  return value;
}

Result<SeccompCondition> condition(const Field& field) {
  TRY(expect_object(field, {"index", "value", "valueTwo", "op"}));
  SeccompCondition result;
  const auto index = field.find("index");
  const auto op = field.find("op");
  if (!index || !op) return field.refuse("index and op are required");
  result.argument = static_cast<unsigned>(TRY(number(*index, 5)));
  const std::string name = TRY(text(*op));
  const auto comparison = seccomp::parse_comparison(name);
  if (!comparison) return op->refuse(fmt::format("{}: no such comparison", shown(name)));
  result.comparison = *comparison;
  std::uint64_t first = 0;
  std::uint64_t second = 0;
  if (const auto value = field.find("value")) first = TRY(number(*value, UINT64_MAX));
  if (const auto value = field.find("valueTwo")) second = TRY(number(*value, UINT64_MAX));
  if (result.comparison == SeccompComparison::MaskedEqual) {
    result.mask = first;
    result.value = second;
  } else {
    result.value = first;
  }
  return result;
}

// "4.8", also with more behind it.
Result<bool> kernel_is_at_least(const Field& field) {
  const std::string wanted = TRY(text(field));
  const auto version = linux_os::parse_kernel_version(wanted);
  if (!version) return field.refuse(fmt::format("{}: not a kernel version", shown(wanted)));
  const auto ours = linux_os::parse_kernel_version(linux_os::kernel_release());
  return ours && *ours >= *version;
}

enum class Match { All, Any };

// Docker's condition on a whole rule: every part must fit to include it, one is enough to exclude
// it.
Result<bool> fits(const Field& field, const SeccompContext& context, Match match) {
  TRY(expect_object(field, {"caps", "arches", "minKernel"}));
  const auto has = [&](const std::string& capability) {
    return std::ranges::find(context.capabilities, capability) != context.capabilities.end();
  };
  const auto capabilities = TRY(texts(field.find("caps")));
  const auto arches = TRY(texts(field.find("arches")));
  const bool here = std::ranges::find(arches, kDockersName) != arches.end();
  std::optional<bool> kernel;
  if (const auto least = field.find("minKernel")) kernel = TRY(kernel_is_at_least(*least));
  if (match == Match::Any) {
    return std::ranges::any_of(capabilities, has) || here || kernel.value_or(false);
  }
  return std::ranges::all_of(capabilities, has) && (arches.empty() || here) &&
         kernel.value_or(true);
}

Result<bool> applies(const Field& field, const SeccompContext& context) {
  if (const auto includes = field.find("includes")) {
    if (!TRY(fits(*includes, context, Match::All))) return false;
  }
  if (const auto excludes = field.find("excludes")) {
    if (TRY(fits(*excludes, context, Match::Any))) return false;
  }
  return true;
}

bool repeats_an_argument(const std::vector<SeccompCondition>& conditions) {
  std::set<unsigned> seen;
  return std::ranges::any_of(conditions,
                             [&](const auto& one) { return !seen.insert(one.argument).second; });
}

Result<void> add_rule(const Field& field, const SeccompContext& context, SeccompProfile& profile) {
  TRY(expect_object(
      field, {"names", "name", "action", "errnoRet", "args", "comment", "includes", "excludes"}));
  const bool wanted = TRY(applies(field, context));
  SeccompRule rule{.names = TRY(texts(field.find("names"))), .error = {}, .conditions = {}};
  if (const auto name = field.find("name")) rule.names.push_back(TRY(text(*name)));
  if (rule.names.empty()) return field.refuse("names is required");
  const auto what = field.find("action");
  if (!what) return field.refuse("action is required");
  rule.action = TRY(action(*what));
  rule.error = TRY(error_number(field, "errnoRet", rule.action));
  if (const auto comment = field.find("comment")) TRY(text(*comment));
  if (const auto args = field.find("args")) {
    for (const Field& item : TRY(list(*args))) rule.conditions.push_back(TRY(condition(item)));
  }
  if (!wanted) return {};
  if (!repeats_an_argument(rule.conditions)) {
    profile.rules.push_back(std::move(rule));
    return {};
  }
  for (const SeccompCondition& one : std::exchange(rule.conditions, {})) {
    rule.conditions = {one};
    profile.rules.push_back(rule);
  }
  return {};
}

Result<void> add_architectures(const Field& root, SeccompProfile& profile) {
  profile.architectures = TRY(texts(root.find("architectures")));
  const auto map = root.find("archMap");
  if (!map) return {};
  if (!profile.architectures.empty()) return map->refuse("not together with architectures");
  for (const Field& entry : TRY(list(*map))) {
    TRY(expect_object(entry, {"architecture", "subArchitectures"}));
    const auto architecture = entry.find("architecture");
    if (!architecture) return entry.refuse("architecture is required");
    auto others = TRY(texts(entry.find("subArchitectures")));
    if (TRY(text(*architecture)) != kNative) continue;
    profile.architectures = std::move(others);
    profile.architectures.insert(profile.architectures.begin(), std::string(kNative));
  }
  return {};
}

// Runtimes differ in which of two such rules wins.
Result<void> refuse_overlap(const SeccompProfile& profile) {
  for (const seccomp::CallRules& call : TRY(seccomp::read_calls(profile))) {
    if (!call.has_plain) continue;
    for (const auto& one : call.conditional) {
      if (one.decision == call.plain) continue;
      return refuse("syscalls", fmt::format("{} is answered both with and without conditions, in "
                                            "different ways",
                                            call.name));
    }
  }
  return {};
}

Result<SeccompProfile> read(const json::value& document, const SeccompContext& context) {
  const Field root{&document, {}};
  TRY(expect_object(
      root, {"defaultAction", "defaultErrnoRet", "architectures", "archMap", "flags", "syscalls"}));
  SeccompProfile profile;
  const auto otherwise = root.find("defaultAction");
  if (!otherwise) return refuse("defaultAction", "it is required");
  profile.default_action = TRY(action(*otherwise));
  profile.default_error = TRY(error_number(root, "defaultErrnoRet", profile.default_action));
  TRY(add_architectures(root, profile));
  TRY(texts(root.find("flags")));
  if (const auto syscalls = root.find("syscalls")) {
    for (const Field& item : TRY(list(*syscalls))) TRY(add_rule(item, context, profile));
  }
  TRY(refuse_overlap(profile));
  return profile;
}

}  // namespace

Result<SeccompProfile> parse_seccomp_profile(std::string_view text, const SeccompContext& context) {
  if (text.size() > kMostBytes) {
    return refuse({}, fmt::format("{} bytes: at most {}", text.size(), kMostBytes));
  }
  json::parse_options options;
  options.max_depth = kMostDepth;
  boost::system::error_code failure;
  json::stream_parser parser({}, options);
  const std::size_t read_bytes = parser.write_some(text.data(), text.size(), failure);
  if (!failure && read_bytes < text.size()) failure = json::error::extra_data;
  if (!failure) parser.finish(failure);
  if (failure) {
    const auto line = 1 + std::ranges::count(text.substr(0, read_bytes), '\n');
    return refuse(fmt::format("line {}", line), failure.message());
  }
  return read(parser.release(), context);
}

}  // namespace cordon
