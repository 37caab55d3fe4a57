#include "seccomp_policy.h"

#include <linux/netlink.h>
#include <netinet/in.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/personality.h>
#include <sys/socket.h>
#include <toml++/toml.h>

#include <algorithm>
#include <cerrno>
#include <optional>

#include "linux/bpf_evaluator.h"

namespace cordon::tools {
namespace {

const std::map<std::string_view, int> kErrors = {
    {"EACCES", EACCES}, {"EAFNOSUPPORT", EAFNOSUPPORT}, {"EINVAL", EINVAL},
    {"ENOSYS", ENOSYS}, {"EOPNOTSUPP", EOPNOTSUPP},     {"EPERM", EPERM},
};

const std::map<std::string_view, std::uint64_t> kConstants = {
    {"ADDR_NO_RANDOMIZE", ADDR_NO_RANDOMIZE},
    {"AF_INET", AF_INET},
    {"AF_INET6", AF_INET6},
    {"AF_NETLINK", AF_NETLINK},
    {"AF_UNIX", AF_UNIX},
    {"CLONE_NEWCGROUP", CLONE_NEWCGROUP},
    {"CLONE_NEWIPC", CLONE_NEWIPC},
    {"CLONE_NEWNET", CLONE_NEWNET},
    {"CLONE_NEWNS", CLONE_NEWNS},
    {"CLONE_NEWPID", CLONE_NEWPID},
    {"CLONE_NEWTIME", CLONE_NEWTIME},
    {"CLONE_NEWUSER", CLONE_NEWUSER},
    {"CLONE_NEWUTS", CLONE_NEWUTS},
    {"IPPROTO_ICMP", IPPROTO_ICMP},
    {"IPPROTO_ICMPV6", IPPROTO_ICMPV6},
    {"IPPROTO_MPTCP", IPPROTO_MPTCP},
    {"IPPROTO_TCP", IPPROTO_TCP},
    {"IPPROTO_UDP", IPPROTO_UDP},
    {"IPPROTO_UDPLITE", IPPROTO_UDPLITE},
    {"NETLINK_ROUTE", NETLINK_ROUTE},
    {"PER_LINUX32", PER_LINUX32},
    {"SOCK_DGRAM", SOCK_DGRAM},
    {"SOCK_RAW", SOCK_RAW},
    {"SOCK_STREAM", SOCK_STREAM},
    {"TIOCCONS", TIOCCONS},
    {"TIOCLINUX", TIOCLINUX},
    {"TIOCSETD", TIOCSETD},
    {"TIOCSTI", TIOCSTI},
};

Action parse_action(const Group& group, std::string_view text) {
  if (text == "allow") return {.kind = SeccompAction::Allow, .error = {}};
  if (text == "kill") return {.kind = SeccompAction::KillProcess, .error = {}};
  const auto error = kErrors.find(text);
  if (error == kErrors.end()) {
    fail("group \"{}\": action \"{}\" is neither allow, kill nor a known error", group.name, text);
  }
  return {.kind = SeccompAction::Errno, .error = static_cast<std::uint32_t>(error->second)};
}

void refuse_unknown_keys(const Group& group, const toml::table& table,
                         const std::set<std::string_view>& known) {
  for (const auto& [key, value] : table) {
    if (!known.contains(key.str())) fail("group \"{}\": unknown key \"{}\"", group.name, key.str());
  }
}

std::uint64_t parse_value(const Group& group, const toml::node& node) {
  if (const auto number = node.value_exact<std::int64_t>(); number && *number >= 0) {
    return static_cast<std::uint64_t>(*number);
  }
  const auto name = node.value_exact<std::string_view>();
  const auto constant = name ? kConstants.find(*name) : kConstants.end();
  if (constant == kConstants.end()) {
    fail("group \"{}\": {} is neither a number nor a known constant", group.name,
         name.value_or("a value"));
  }
  return constant->second;
}

Condition parse_condition(const Group& group, const toml::table& table) {
  refuse_unknown_keys(group, table, {"argument", "mask", "width", "in", "any_bit"});
  Condition condition;
  const auto argument = table["argument"].value<std::int64_t>();
  if (!argument || *argument < 0 || *argument > 5) {
    fail("group \"{}\": a condition needs an argument from 0 to 5", group.name);
  }
  condition.argument = static_cast<unsigned>(*argument);
  if (table.contains("width")) {
    if (table["width"].value<std::int64_t>() != 64) fail("group \"{}\": width is 64", group.name);
    condition.mask = UINT64_MAX;
  }
  if (const auto* mask = table.get("mask")) condition.mask = parse_value(group, *mask);
  condition.any_bit = table.contains("any_bit");
  if (condition.any_bit == table.contains("in")) {
    fail("group \"{}\": a condition needs either `in` or `any_bit`", group.name);
  }
  const toml::array* values = table[condition.any_bit ? "any_bit" : "in"].as_array();
  if (values == nullptr || values->empty()) fail("group \"{}\": an empty condition", group.name);
  for (const toml::node& node : *values) {
    const std::uint64_t value = parse_value(group, node);
    if ((value & ~condition.mask) != 0 || (condition.any_bit && value == 0)) {
      fail("group \"{}\": {:#x} can never match", group.name, value);
    }
    condition.values.push_back(value);
  }
  return condition;
}

Rule parse_rule(const Group& group, const toml::table& table) {
  refuse_unknown_keys(group, table, {"action", "when"});
  Rule rule{.action = parse_action(group, table["action"].value_or(std::string_view{})),
            .when = {}};
  const toml::array* conditions = table["when"].as_array();
  if (conditions == nullptr || conditions->empty()) {
    fail("group \"{}\": a rule without conditions", group.name);
  }
  for (const toml::node& node : *conditions) {
    if (!node.is_table()) fail("group \"{}\": a condition is a table", group.name);
    rule.when.push_back(parse_condition(group, *node.as_table()));
  }
  return rule;
}

Group parse_group(const toml::table& table) {
  Group group;
  group.name = table["name"].value_or(std::string());
  if (group.name.empty()) fail("a group without a name");
  refuse_unknown_keys(group, table, {"name", "reason", "action", "variant", "syscalls", "rules"});
  if (table["reason"].value_or(std::string()).empty()) {
    fail("group \"{}\": give a reason", group.name);
  }
  group.action = parse_action(group, table["action"].value_or(std::string_view{}));
  group.variant = table["variant"].value_or(std::string());
  const bool known = std::ranges::any_of(kVariants, [&](const Variant& variant) {
    return group.variant.empty() || group.variant == variant.nested ||
           group.variant == variant.sockets;
  });
  if (!known) fail("group \"{}\": unknown variant \"{}\"", group.name, group.variant);

  const toml::array* syscalls = table["syscalls"].as_array();
  if (syscalls == nullptr || syscalls->empty()) fail("group \"{}\": no syscalls", group.name);
  for (const toml::node& node : *syscalls) {
    group.syscalls.push_back(node.value_or(std::string()));
  }
  if (!std::ranges::is_sorted(group.syscalls)) fail("group \"{}\": sort its syscalls", group.name);

  if (table.contains("rules")) {
    const toml::array* rules = table["rules"].as_array();
    if (rules == nullptr || rules->empty()) fail("group \"{}\": rules is a list", group.name);
    for (const toml::node& node : *rules) {
      if (!node.is_table()) fail("group \"{}\": a rule is a table", group.name);
      group.rules.push_back(parse_rule(group, *node.as_table()));
    }
  }
  return group;
}

Guarded parse_guarded(const toml::table& table) {
  Group words;  // what is said about a group goes for an entry as well
  words.name = table["name"].value_or(std::string());
  refuse_unknown_keys(words, table, {"name", "reason", "level", "action", "syscalls", "when"});
  if (words.name.empty() || table["reason"].value_or(std::string()).empty()) {
    fail("guarded \"{}\": give a name and a reason", words.name);
  }
  Guarded guarded{.name = words.name, .syscalls = {}, .when = {}};
  const auto level = std::ranges::find(kLevels, table["level"].value_or(std::string_view{}));
  if (level == std::end(kLevels)) fail("guarded \"{}\": unknown level", guarded.name);
  guarded.level = static_cast<std::size_t>(level - std::begin(kLevels));
  const auto action = table["action"].value_or(std::string_view{});
  guarded.answer = action == "hand-over"
                       ? seccomp::kAnswerHandOver
                       : seccomp::kAnswerError | parse_action(words, action).error.value_or(EPERM);
  const toml::array* syscalls = table["syscalls"].as_array();
  if (syscalls == nullptr || syscalls->empty()) fail("guarded \"{}\": no syscalls", guarded.name);
  for (const toml::node& node : *syscalls) {
    guarded.syscalls.push_back(node.value_or(std::string()));
  }
  if (const toml::array* conditions = table["when"].as_array()) {
    for (const toml::node& node : *conditions) {
      if (!node.is_table()) fail("guarded \"{}\": a condition is a table", guarded.name);
      guarded.when.push_back(parse_condition(words, *node.as_table()));
    }
    if (guarded.when.size() != 1 || !guarded.when[0].any_bit) {
      fail("guarded \"{}\": `when` is one condition with `any_bit`", guarded.name);
    }
  }
  return guarded;
}

void read_numbers(Policy& policy, const toml::table& numbers, std::string_view architecture) {
  for (const auto& [key, value] : numbers) {
    const std::string name(key.str());
    if (const auto number = value.value_exact<std::int64_t>()) {
      policy.numbers[name] = static_cast<int>(*number);
    } else if (const toml::table* table = value.as_table()) {
      for (const auto& [inner, inner_value] : *table) {
        const auto inner_number = inner_value.value_exact<std::int64_t>();
        if (!inner_number) fail("[numbers.{}]: {} is not a number", name, inner.str());
        if (name == architecture) {
          policy.numbers[std::string(inner.str())] = static_cast<int>(*inner_number);
        } else {
          policy.elsewhere.emplace(inner.str());
        }
      }
    } else {
      fail("[numbers]: {} is not a number", name);
    }
  }
}

}  // namespace

Policy read_policy(const char* path, std::string_view architecture) {
  toml::table file;
  try {
    file = toml::parse_file(path);
  } catch (const toml::parse_error& error) {
    fail("{}:{}: {}", path, error.source().begin.line, error.description());
  }
  for (const auto& [key, value] : file) {
    if (key != "group" && key != "numbers" && key != "guarded")
      fail("unknown key \"{}\"", key.str());
  }
  Policy policy;
  if (const toml::table* numbers = file["numbers"].as_table()) {
    read_numbers(policy, *numbers, architecture);
  }
  const toml::array* groups = file["group"].as_array();
  if (groups == nullptr) fail("{}: no groups", path);
  for (const toml::node& node : *groups) {
    if (!node.is_table()) fail("{}: a group is a table", path);
    policy.groups.push_back(parse_group(*node.as_table()));
  }
  const toml::array* guarded = file["guarded"].as_array();
  if (guarded == nullptr) fail("{}: no guarded entries", path);
  for (const toml::node& node : *guarded) {
    if (!node.is_table()) fail("{}: a guarded entry is a table", path);
    policy.guarded.push_back(parse_guarded(*node.as_table()));
  }
  return policy;
}

}  // namespace cordon::tools
