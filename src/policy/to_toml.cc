#include "policy/to_toml.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "policy/glob.h"
#include "policy/toml_text.h"

namespace cordon {

namespace {

class Writer {
 public:
  explicit Writer(const Origins* origins) : origins_(origins) {}

  // Written only when something follows.
  void section(std::string_view name) { pending_ = section_ = name; }

  void line(std::string_view key, std::string_view value) {
    if (!pending_.empty()) {
      if (!text_.empty()) text_ += '\n';
      text_ += fmt::format("[{}]\n", pending_);
      pending_ = {};
    }
    std::string line = fmt::format("{} = {}", key, value);
    if (const std::string origin = origin_of(key); !origin.empty()) {
      append_comment(line, origin);
    }
    text_ += line + "\n";
  }

  // Comments stand in one column where there is room.
  static void append_comment(std::string& line, std::string_view comment) {
    constexpr std::size_t kColumn = 44;
    if (line.size() < kColumn) line.append(kColumn - line.size(), ' ');
    line += "  # ";
    // What a file is called must not end the comment.
    for (const char c : comment) line += static_cast<unsigned char>(c) < 0x20 ? '?' : c;
  }

  bool annotates() const { return origins_ != nullptr; }

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
  std::string origin_of(std::string_view key) const {
    if (!origins_) return "";
    const std::string name = fmt::format("{}.{}", section_, key);
    const auto found =
        std::ranges::find(*origins_, name, [](const auto& origin) { return origin.first; });
    return found == origins_->end() ? "" : found->second;
  }

  const Origins* origins_;
  std::string text_;
  std::string_view section_;
  std::string_view pending_;
};

std::string path_list(const Policy& policy, Access access, bool annotate) {
  std::string text;
  for (const PathRule& rule : policy.filesystem) {
    if (rule.access != access) continue;
    const std::string path = as_written(rule.path);
    std::string line = rule.presence == Presence::Optional
                           ? fmt::format("  {{ path = {}, optional = true }},", toml_string(path))
                           : fmt::format("  {},", toml_string(path));
    if (annotate) Writer::append_comment(line, rule.origin);
    text += line + "\n";
  }
  return text;
}

std::vector<std::string> escaped_paths(const std::vector<std::string>& paths) {
  std::vector<std::string> escaped;
  for (const std::string& path : paths) escaped.push_back(as_written(Glob::escape(path)));
  return escaped;
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

std::string to_toml(const Policy& policy, const Origins* origins) {
  Writer out(origins);
  out.section("filesystem");
  for (const Access access :
       {Access::Read, Access::Write, Access::Protect, Access::Deny, Access::Hide}) {
    const std::string paths = path_list(policy, access, out.annotates());
    if (!paths.empty()) out.line(to_string(access), "[\n" + paths + "]");
  }
  out.section("network");
  out.line("mode", toml_string(to_string(policy.network)));
  write_limits(out, policy.limits);
  out.section("env");
  out.list("pass", policy.environment.pass);
  out.list("path", escaped_paths(policy.environment.path));
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

std::string to_toml(const Policy& policy) { return to_toml(policy, nullptr); }

}  // namespace cordon
