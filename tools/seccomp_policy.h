// policies/seccomp.toml, read and checked: the input of compile_seccomp.
#pragma once

#include <fmt/core.h>

#include <cstdint>
#include <cstdlib>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "cordon/seccomp.h"

namespace cordon::tools {

struct Condition {
  unsigned argument = 0;
  std::uint64_t mask = 0xffffffff;
  std::vector<std::uint64_t> values;
  bool any_bit = false;
};

struct Action {
  SeccompAction kind = SeccompAction::KillProcess;
  std::optional<std::uint32_t> error;
};

struct Rule {
  Action action;
  std::vector<Condition> when;
};

struct Group {
  std::string name;
  Action action;
  std::string variant;  // empty: all of them
  std::vector<std::string> syscalls;
  std::vector<Rule> rules;
};

// Another answer to calls that a group allows, in filters of a guarded sandbox.
struct Guarded {
  std::string name;
  std::size_t level = 0;     // index into kLevels
  std::uint32_t answer = 0;  // as the kernel takes it
  std::vector<std::string> syscalls;
  std::vector<Condition> when;  // one, or none
};

struct Policy {
  std::vector<Group> groups;
  std::vector<Guarded> guarded;
  std::map<std::string, int> numbers;  // of calls that libseccomp may not know
  std::set<std::string> elsewhere;     // known to have a number on other architectures only
};

inline constexpr std::string_view kLevels[] = {"making", "removing", "opening"};

struct Variant {
  std::string_view name;
  std::string_view nested;
  std::string_view sockets;
};

inline constexpr Variant kVariants[] = {
    {"kNestedRefusedInternet", "nested-refused", "internet"},
    {"kNestedRefusedUnixOnly", "nested-refused", "unix-only"},
    {"kNestedAllowedInternet", "nested-allowed", "internet"},
    {"kNestedAllowedUnixOnly", "nested-allowed", "unix-only"},
};

// A build tool has one answer to every mistake in its input.
template <class... Args>
[[noreturn]] void fail(fmt::format_string<Args...> format, Args&&... args) {
  fmt::print(stderr, "compile_seccomp: {}\n", fmt::format(format, std::forward<Args>(args)...));
  std::exit(1);
}

// `architecture` decides which of the tables below [numbers] count.
Policy read_policy(const char* path, std::string_view architecture);

}  // namespace cordon::tools
