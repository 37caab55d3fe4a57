// What the preset `workspace` costs a run, and that its patterns cost nothing per file.
#include <fmt/format.h>

#include "benchmarks.h"
#include "child.h"
#include "policy/embedded.h"
#include "tree.h"

namespace cordon::bench {
namespace {

Command with(Command command, const Command& options) {
  command.insert(command.begin() + 2, options.begin(), options.end());
  return command;
}

Command every_pack() {
  Command options = {"--preset", "workspace"};
  for (const auto name : embedded_names(EmbeddedKind::Pack)) {
    options.insert(options.end(), {"--pack", std::string(name)});
  }
  return options;
}

Row compare(const Options& options, std::string what, const Command& ours, const Command& peer,
            double most) {
  const Samples samples =
      measure_pairs(options.samples / 2, [&] { run(ours); }, [&] { run(peer); });
  const double ratio = median_ratio(samples);
  return {std::move(what), milliseconds(median(samples.ours)), milliseconds(median(samples.peer)),
          times(ratio),    fmt::format("<= {}", most),         ratio <= most};
}

}  // namespace

std::vector<Row> preset_of_a_run(const Options& options) {
  const Command plain = cordon_run(options.cordon, {"/bin/true"});
  std::vector<Row> rows;
  rows.push_back(compare(options, "cordon run --preset workspace : without",
                         with(plain, {"--preset", "workspace"}), plain, 1.2));
  rows.push_back(
      compare(options, "  with every pack : without", with(plain, every_pack()), plain, 1.2));
  const auto in_tree = [&](std::size_t files) {
    return with(plain, {"--preset", "workspace", "--deny", "**/.env", "--protect", "**/*.key",
                        "--workdir", tree_of(options, files)});
  };
  const std::size_t files = wanted_files();
  rows.push_back(compare(options, fmt::format("  with patterns, {} files : {}", files, kFewFiles),
                         in_tree(files), in_tree(kFewFiles), 1.05));
  return rows;
}

}  // namespace cordon::bench
