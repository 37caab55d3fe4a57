// What an environment that has not changed costs its caller, and a command in the container of one,
// against the docker command in the same container.
#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <thread>

#include "benchmarks.h"
#include "child.h"
#include "cordon/container_sandbox.h"
#include "cordon/dev_env.h"
#include "need.h"

namespace cordon::bench {

namespace {

constexpr int kDirectories = 100;
constexpr int kFilesOfEach = 100;

std::string make_project(const std::string& directory, const std::string& image) {
  for (int i = 0; i < kDirectories; ++i) {
    const std::string inner = fmt::format("{}/src/{}", directory, i);
    std::filesystem::create_directories(inner);
    for (int j = 0; j < kFilesOfEach; ++j) {
      std::ofstream(fmt::format("{}/{}.cc", inner, j)) << "int f" << i * j << "();\n";
    }
  }
  std::ofstream(directory + "/Dockerfile") << "FROM " << image << "\nCOPY src /src\n";
  return directory;
}

Row unchanged(const Options& options, DevEnvManager& manager, const DevEnvRequest& request) {
  // Times this young are not believed yet, and what is read is remembered once.
  std::this_thread::sleep_for(std::chrono::milliseconds(2100));
  need(manager.get_or_build(request));
  std::vector<double> took;
  for (std::size_t i = 0; i < std::max<std::size_t>(options.samples / 20, 5); ++i) {
    took.push_back(time([&] {
      if (need(manager.get_or_build(request)).built) give_up("it was built again");
    }));
  }
  constexpr double kPromise = 30e6;
  const double middle = median(took);
  return {"get_or_build, unchanged, with 10,000 files",
          milliseconds(middle),
          "",
          "",
          "<= 30 ms",
          middle <= kPromise};
}

Row command_in_it(const Options& options, const std::string& project, const std::string& image) {
  const auto sandbox = need(ContainerSandbox::create({.project_dir = project, .image = image}));
  need(sandbox->start());
  const Command peer = {"docker", "exec", sandbox->container_id(), "true"};
  const std::size_t pairs = std::max<std::size_t>(options.samples / 20, 5);
  const Samples samples = measure_pairs(
      pairs,
      [&] {
        if (need(sandbox->exec("true")).exit_code != 0) give_up("exec failed");
      },
      [&] { run(peer); });
  const double ratio = median_ratio(samples);
  return {"exec in a running container : docker exec",
          milliseconds(median(samples.ours)),
          milliseconds(median(samples.peer)),
          times(ratio),
          "<= 0.7",
          ratio <= 0.7};
}

}  // namespace

std::vector<Row> environments_of_projects(const Options& options) {
  const char* image = std::getenv("CORDON_BENCH_IMAGE");
  if (image == nullptr) {
    return {{"an environment: CORDON_BENCH_IMAGE names no image", "", "", "", "", true}};
  }
  const std::string project = make_project(options.work_dir + "/project", image);
  const auto manager = need(
      DevEnvManager::open({.state_dir = options.work_dir + "/state", .pull = PullPolicy::Never}));
  const DevEnvRequest request{.project_dir = project};
  const DevEnv env = need(manager->get_or_build(request));
  std::vector<Row> rows = {unchanged(options, *manager, request),
                           command_in_it(options, project, image)};
  run({"docker", "rmi", "--force", env.image});
  return rows;
}

}  // namespace cordon::bench
