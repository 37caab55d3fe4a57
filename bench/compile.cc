#include "native/compile.h"

#include <fmt/format.h>

#include "benchmarks.h"
#include "child.h"
#include "tree.h"

namespace cordon::bench {
namespace {

constexpr std::size_t kRules = 1000;

void compile_once(const Policy& policy, const std::string& work_dir) {
  native::CompileInput input;
  input.policy = &policy;
  input.work_dir = work_dir;
  input.caller = native::current_caller();
  input.landlock_abi = 7;
  const auto compiled = native::compile(input);
  if (!compiled) give_up(compiled.error().message());
}

Policy thousand_rules() {
  constexpr Access kAccess[] = {Access::Read, Access::Write, Access::Deny, Access::Hide};
  Policy policy;
  policy.filesystem.reserve(kRules);
  for (std::size_t i = 0; i < kRules; ++i) {
    policy.filesystem.push_back({kAccess[i % 4], fmt::format("{:03}", i), "benchmark"});
  }
  return policy;
}

}  // namespace

std::vector<Row> policy_compile(const Options& options) {
  const std::size_t files = wanted_files();
  const std::string many = tree_of(options, files);
  const std::string few = tree_of(options, kFewFiles);
  const Policy policy = thousand_rules();
  const Samples samples = measure_pairs(
      options.samples / 10, [&] { compile_once(policy, many); },
      [&] { compile_once(policy, few); });
  const double middle = median(samples.ours);
  const double ratio = median_ratio(samples);
  return {{fmt::format("1,000 rules: a tree of {} files : of {}", files, kFewFiles),
           milliseconds(middle), milliseconds(median(samples.peer)), times(ratio), "<= 5 ms",
           middle <= 5e6},
          {"  the number of files", "", "", times(ratio), "does not matter", ratio <= 1.25}};
}

}  // namespace cordon::bench
