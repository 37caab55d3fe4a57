#include "docker/platform.h"

#include <fmt/format.h>
#include <sys/utsname.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <system_error>

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

}  // namespace cordon::docker
