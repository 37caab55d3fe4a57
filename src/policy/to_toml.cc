#include <fmt/format.h>

#include "cordon/policy.h"
#include "policy/toml_text.h"

namespace cordon {

namespace {

class Writer {
 public:
  // Written only when something follows.
  void section(std::string_view name) { pending_ = name; }

  void line(std::string_view key, std::string_view value) {
    if (!pending_.empty()) {
      if (!text_.empty()) text_ += '\n';
      text_ += fmt::format("[{}]\n", pending_);
      pending_ = {};
    }
    text_ += fmt::format("{} = {}\n", key, value);
  }

  void list(std::string_view key, const std::vector<std::string>& values) {
    if (values.empty()) return;
    std::string text = "[";
    for (const std::string& value : values) {
      if (text.size() > 1) text += ", ";
      text += toml_string(value);
    }
    line(key, text + "]");
  }

  std::string take() { return std::move(text_); }

 private:
  std::string text_;
  std::string_view pending_;
};

std::string path_list(const Policy& policy, Access access) {
  std::string text;
  for (const PathRule& rule : policy.filesystem) {
    if (rule.access != access) continue;
    // A `$` would be taken for a variable of whoever reads the file.
    std::string path;
    for (const char c : rule.path) path += c == '$' ? std::string("\\$") : std::string(1, c);
    if (path.starts_with('~')) path.insert(0, 1, '\\');
    text += rule.presence == Presence::Optional
                ? fmt::format("  {{ path = {}, optional = true }},\n", toml_string(path))
                : fmt::format("  {},\n", toml_string(path));
  }
  return text;
}

void write_limits(Writer& out, const Limits& limits) {
  out.section("limits");
  if (limits.memory_bytes) out.line("memory", size_text(*limits.memory_bytes));
  if (limits.cpus) out.line("cpus", fmt::format("{:#}", *limits.cpus));
  if (limits.pids) out.line("pids", fmt::format("{}", *limits.pids));
  if (limits.timeout) out.line("timeout", duration_text(*limits.timeout));
  if (limits.output_bytes) out.line("output", size_text(*limits.output_bytes));
  if (limits.disk_bytes) out.line("disk", size_text(*limits.disk_bytes));
}

}  // namespace

std::string to_toml(const Policy& policy) {
  Writer out;
  out.section("filesystem");
  for (const Access access :
       {Access::Read, Access::Write, Access::Protect, Access::Deny, Access::Hide}) {
    const std::string paths = path_list(policy, access);
    if (!paths.empty()) out.line(to_string(access), "[\n" + paths + "]");
  }
  out.section("network");
  out.line("mode", toml_string(to_string(policy.network)));
  write_limits(out, policy.limits);
  out.section("env");
  out.list("pass", policy.environment.pass);
  out.section("env.set");
  for (const auto& [name, value] : policy.environment.set) {
    out.line(toml_key(name), toml_string(value));
  }
  out.section("require");
  out.list("guarantees", policy.required_guarantees);
  out.section("identity");
  if (policy.hostname != Policy{}.hostname) out.line("hostname", toml_string(policy.hostname));
  if (policy.uid) out.line("uid", fmt::format("{}", *policy.uid));
  out.section("process");
  if (policy.nested_namespaces == NestedNamespaces::Allowed) {
    out.line("nested_namespaces", "\"allowed\"");
  }
  return out.take();
}

}  // namespace cordon
