#include "tree.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>

#include "child.h"
#include "core/unique_fd.h"

namespace cordon::bench {

namespace {

constexpr std::size_t kMostFiles = 1'000'000;

}  // namespace

std::size_t wanted_files() {
  const char* wanted = std::getenv("CORDON_BENCH_FILES");
  return std::clamp(wanted != nullptr ? std::strtoul(wanted, nullptr, 10) : 10'000, kFewFiles,
                    kMostFiles);
}

std::string tree_of(const Options& options, std::size_t files) {
  std::string root = fmt::format("{}/tree-{}", options.work_dir, files);
  if (std::filesystem::exists(root)) return root;
  for (std::size_t i = 0; i < kTreeDirectories; ++i) {
    const std::string directory = fmt::format("{}/{:03}", root, i);
    std::filesystem::create_directories(directory);
    for (std::size_t file = 0; file < files / kTreeDirectories; ++file) {
      const UniqueFd fd(open(fmt::format("{}/{}", directory, file).c_str(),
                             O_CREAT | O_WRONLY | O_CLOEXEC, 0600));
      if (!fd.valid()) give_up("cannot make the tree");
    }
  }
  return root;
}

}  // namespace cordon::bench
