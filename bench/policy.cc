#include <fmt/format.h>

#include <cstdlib>
#include <filesystem>

#include "benchmarks.h"
#include "child.h"
#include "native/compile.h"
#include "policy/default_limits.h"
#include "policy/embedded.h"
#include "policy/load_policy.h"

namespace cordon::bench {
namespace {

constexpr std::size_t kManyRules = 10'000;

void merge_and_compile(const PolicySources& sources) {
  const auto effective = load_policy(sources);
  if (!effective) give_up(effective.error().message());
  native::CompileInput input;
  input.policy = &effective->policy;
  input.work_dir = sources.context.work_dir;
  input.caller = native::current_caller();
  input.landlock_abi = 7;
  const auto compiled = native::compile(input);
  if (!compiled) give_up(compiled.error().message());
}

PolicySources sources_in(const std::string& work_dir) {
  PolicySources sources;
  sources.initial = default_limits();
  sources.context = {.home = native::current_caller().home(),
                     .work_dir = work_dir,
                     .variable = [](std::string_view name) -> std::optional<std::string_view> {
                       const char* value = std::getenv(std::string(name).c_str());
                       return value ? std::optional<std::string_view>(value) : std::nullopt;
                     }};
  return sources;
}

double median_of(const Options& options, const PolicySources& sources) {
  const auto once = [&] { merge_and_compile(sources); };
  return median(measure_pairs(options.samples / 10, once, once).ours);
}

}  // namespace

std::vector<Row> policy_layers(const Options& options) {
  const std::string work_dir = options.work_dir + "/layers";
  std::filesystem::create_directories(work_dir);
  PolicySources packs = sources_in(work_dir);
  for (const auto name : embedded_names(EmbeddedKind::Pack)) {
    packs.request.entries.push_back({.key = Key::Packs, .text = std::string(name)});
  }
  PolicySources many = sources_in(work_dir);
  constexpr Key kKeys[] = {Key::Read, Key::Write, Key::Deny, Key::Hide};
  for (std::size_t i = 0; i < kManyRules; ++i) {
    const std::string place = fmt::format("{:03}/{:02}", i / 100, i % 100);
    std::filesystem::create_directories(work_dir + "/" + place);
    many.request.entries.push_back({.key = kKeys[i % 4], .text = place});
  }
  const double with_packs = median_of(options, packs);
  const double with_many = median_of(options, many);
  return {{"merge and compile workspace with every pack", milliseconds(with_packs), "", "",
           "<= 1 ms", with_packs <= 1e6},
          {fmt::format("merge and compile {} rules", kManyRules), milliseconds(with_many), "", "",
           "<= 20 ms", with_many <= 20e6}};
}

}  // namespace cordon::bench
