// Rules as a hostile or careless person may write them, over a small tree with links in it.
#include <stdlib.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <fstream>
#include <span>

#include "fuzz.h"
#include "native/compile.h"
#include "native/paths.h"

namespace {

using cordon::fuzz::require;
using cordon::native::RuleSet;

// Made once, removed at the end.
class Tree {
 public:
  Tree() {
    std::string place = (std::filesystem::temp_directory_path() / "fuzz-rules.XXXXXX").string();
    require(mkdtemp(place.data()) != nullptr);
    root_ = place;
    work_ = root_ / "w";
    std::filesystem::create_directories(work_ / "a/b/c");
    std::filesystem::create_directories(work_ / ".git/hooks");
    std::ofstream(work_ / "a/f") << "x";
    std::ofstream(work_ / ".env") << "x";
    std::filesystem::create_symlink("a/b", work_ / "l");
    std::filesystem::create_symlink("loop", work_ / "loop");
    std::filesystem::create_symlink("/etc", work_ / "out");
  }
  Tree(const Tree&) = delete;
  Tree& operator=(const Tree&) = delete;
  ~Tree() {
    std::error_code ignored;
    std::filesystem::remove_all(root_, ignored);
  }
  std::string work() const { return work_.string(); }

 private:
  std::filesystem::path root_;
  std::filesystem::path work_;
};

// One rule a line: its first byte chooses what is granted, the rest is the path.
cordon::Policy read_policy(std::string_view text) {
  constexpr std::array kAccess = {cordon::Access::Read, cordon::Access::Write,
                                  cordon::Access::Protect, cordon::Access::Deny,
                                  cordon::Access::Hide};
  cordon::Policy policy;
  while (!text.empty() && policy.filesystem.size() < 32) {
    const auto line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(text.size(), line.size() + 1));
    if (line.empty()) continue;
    policy.filesystem.push_back(
        {.access = kAccess[static_cast<unsigned char>(line[0]) % kAccess.size()],
         .path = std::string(line.substr(1)),
         .origin = "fuzz"});
  }
  return policy;
}

void check(const RuleSet& set) {
  const auto& rules = set.rules;
  for (std::size_t i = 0; i < rules.size(); ++i) {
    const auto& rule = rules[i];
    require(rule.path == cordon::native::normalize(rule.path, "/"));
    require(i == 0 || cordon::native::tree_order(rules[i - 1].path, rule.path));
    require(rule.parent < static_cast<int>(i));
    if (rule.parent < 0) continue;
    const auto& above = rules[static_cast<std::size_t>(rule.parent)];
    require(rule.path != above.path && cordon::native::is_beneath(rule.path, above.path));
  }
}

bool same(const RuleSet& left, const RuleSet& right) {
  return std::ranges::equal(left.rules, right.rules, [](const auto& a, const auto& b) {
    return a.path == b.path && a.grant == b.grant;
  });
}

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const Tree tree;
  const cordon::native::Caller caller{
      .uid = getuid(), .gid = getgid(), .homes = {tree.work() + "/h"}};
  cordon::Policy policy = read_policy(cordon::fuzz::as_text(data, size));

  const auto set = cordon::native::resolve_rules(policy, tree.work(), caller);
  if (set) {
    check(*set);
  } else {
    require(!set.error().message().empty());
  }
  for (const auto walls : {cordon::native::Walls::Full, cordon::native::Walls::LandlockOnly}) {
    const cordon::native::CompileInput input{.policy = &policy,
                                             .work_dir = tree.work(),
                                             .caller = caller,
                                             .walls = walls,
                                             .landlock_abi = 7,
                                             .private_directory = tree.work() + "/a"};
    const auto compiled = cordon::native::compile(input);
    if (!set) require(!compiled.has_value());
  }

  // The order in which rules are given decides nothing.
  std::ranges::reverse(policy.filesystem);
  const auto reversed = cordon::native::resolve_rules(policy, tree.work(), caller);
  require(reversed.has_value() == set.has_value());
  if (set) require(same(*set, *reversed));
  return 0;
}
