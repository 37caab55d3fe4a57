#include "native/compile.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>

#include "benchmarks.h"
#include "child.h"

namespace cordon::bench {
namespace {

constexpr std::size_t kRules = 1000;
constexpr std::size_t kMostFiles = 1'000'000;

// Spread over one directory a rule. Returns the tree's root.
std::string make_tree(const std::string& path, std::size_t files) {
  for (std::size_t i = 0; i < kRules; ++i) {
    const std::string directory = fmt::format("{}/{:03}", path, i);
    std::filesystem::create_directories(directory);
    for (std::size_t file = 0; file < files / kRules; ++file) {
      const UniqueFd fd(open(fmt::format("{}/{}", directory, file).c_str(),
                             O_CREAT | O_WRONLY | O_CLOEXEC, 0600));
      if (!fd.valid()) give_up("cannot make the tree");
    }
  }
  return path;
}

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
  const char* wanted = std::getenv("CORDON_BENCH_FILES");
  const std::size_t files = std::clamp(
      wanted != nullptr ? std::strtoul(wanted, nullptr, 10) : 10'000, kRules, kMostFiles);
  const std::string many = make_tree(options.work_dir + "/many", files);
  const std::string few = make_tree(options.work_dir + "/few", kRules);
  const Policy policy = thousand_rules();
  const Samples samples = measure_pairs(
      options.samples / 10, [&] { compile_once(policy, many); },
      [&] { compile_once(policy, few); });
  const double middle = median(samples.ours);
  const double ratio = median_ratio(samples);
  return {
      {fmt::format("1,000 rules: a tree of {} files : of {}", files, kRules), milliseconds(middle),
       milliseconds(median(samples.peer)), times(ratio), "<= 5 ms", middle <= 5e6},
      {"  the number of files", "", "", times(ratio), "does not matter", ratio <= 1.25}};
}

}  // namespace cordon::bench
