#include "docker/platform.h"

#include <fmt/format.h>
#include <sys/utsname.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <string>
#include <system_error>
#include <utility>

namespace cordon::docker {

namespace {

struct Machine {
  std::string_view kernel;
  std::string_view own;    // the images' word for it
  std::string_view older;  // what it runs besides
};

constexpr std::array<Machine, 3> kMachines = {{
    {"x86_64", "amd64", "386"},
    {"aarch64", "arm64", "arm"},
    {"riscv64", "riscv64", ""},
}};

const Machine* find_machine(std::string_view kernel) {
  const auto* const found = std::ranges::find(kMachines, kernel, &Machine::kernel);
  return found == kMachines.end() ? nullptr : found;
}

// Engines take other words for a processor than they give.
std::string_view given_word(std::string_view asked) {
  constexpr std::array<std::pair<std::string_view, std::string_view>, 6> kOthers = {
      {{"x86_64", "amd64"},
       {"x86-64", "amd64"},
       {"aarch64", "arm64"},
       {"i386", "386"},
       {"armhf", "arm"},
       {"armel", "arm"}}};
  const auto* const found =
      std::ranges::find(kOthers, asked, [](const auto& one) { return one.first; });
  return found == kOthers.end() ? asked : found->second;
}

bool has_foreign_handlers() {
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator("/proc/sys/fs/binfmt_misc", error)) {
    const auto name = entry.path().filename();
    if (name != "register" && name != "status") return true;
  }
  return false;
}

}  // namespace

bool may_run(std::string_view image_architecture, std::string_view machine) {
  const Machine* const host = find_machine(machine);
  if (host == nullptr || image_architecture.empty() || image_architecture == host->own ||
      image_architecture == host->older) {
    return true;
  }
  return std::ranges::find(kMachines, image_architecture, &Machine::own) == kMachines.end() &&
         std::ranges::find(kMachines, image_architecture, &Machine::older) == kMachines.end();
}

Result<void> check_platform(const engine::Image& image, std::string_view name) {
  const auto unsupported = [&](std::string detail, std::string remedy) {
    return std::unexpected(Error{.code = ErrorCode::Unsupported,
                                 .operation = "use the image",
                                 .subject = std::string(name),
                                 .sys_errno = 0,
                                 .detail = std::move(detail),
                                 .remedy = std::move(remedy)});
  };
  if (!image.os.empty() && image.os != "linux") return unsupported("it is for " + image.os, "");
  utsname host{};
  if (::uname(&host) != 0 || may_run(image.architecture, host.machine)) return {};
  if (has_foreign_handlers()) return {};
  return unsupported(fmt::format("its programs are for {}, and this host runs {}",
                                 image.architecture, find_machine(host.machine)->own),
                     fmt::format("`docker pull --platform linux/{} {}` fetches it for this host",
                                 find_machine(host.machine)->own, name));
}

Result<void> check_made_for(const engine::Image& image, std::string_view platform) {
  std::string asked(platform);
  std::ranges::transform(asked, asked.begin(), [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
  });
  std::string_view processor = asked;
  std::string_view system;
  if (const auto slash = processor.find('/'); slash != std::string_view::npos) {
    system = processor.substr(0, slash);
    processor.remove_prefix(slash + 1);
    processor = processor.substr(0, processor.find('/'));  // of a variant images do not tell
  } else if (processor == "linux" || processor == "windows") {
    system = std::exchange(processor, {});
  }
  const auto differs = [](std::string_view wanted, std::string_view is) {
    return !wanted.empty() && !is.empty() && wanted != is;
  };
  if (!differs(system, image.os) && !differs(given_word(processor), image.architecture)) return {};
  return std::unexpected(Error{
      .code = ErrorCode::Unsupported,
      .operation = "build for the platform",
      .subject = std::string(platform),
      .sys_errno = 0,
      .detail = fmt::format("the engine made an image for {}/{}", image.os, image.architecture),
      .remedy = fmt::format("`docker pull --platform {} NAME` fetches the images that it starts "
                            "from for that one",
                            platform)});
}

}  // namespace cordon::docker
