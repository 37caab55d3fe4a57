#include "cli/doctor.h"

#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string_view>
#include <vector>

#include "cordon/error.h"
#include "cordon/select.h"
#include "doctor/host_facts.h"
#include "doctor/json.h"
#include "doctor/probe.h"
#include "doctor/table.h"
#include "doctor/tiers.h"
#include "native/native_backend.h"

namespace cordon::cli {

namespace {

doctor::Colours colours_for(int fd) {
  const char* no_colour = std::getenv("NO_COLOR");
  if (no_colour && *no_colour) return doctor::Colours::Off;
  const char* terminal = std::getenv("TERM");
  if (!terminal || std::string_view(terminal) == "dumb") return doctor::Colours::Off;
  return ::isatty(fd) == 1 ? doctor::Colours::On : doctor::Colours::Off;
}

}  // namespace

int run_doctor(const DoctorOptions& options) {
  doctor::HostReport report = doctor::probe_host();
  std::vector<std::unique_ptr<Backend>> backends;
  backends.push_back(make_native_backend(Preparation::OnDemand));
  doctor::judge_tiers(report, backends, built_in_backends());
  doctor::judge_levels(report, built_in_backends());

  const std::string text = options.format == DoctorOptions::Format::Json
                               ? doctor::render_json(report)
                               : doctor::render_table(report, colours_for(STDOUT_FILENO));
  const bool written =
      std::fwrite(text.data(), 1, text.size(), stdout) == text.size() && std::fflush(stdout) == 0;
  if (!written) {
    const Error error = system_error("write the report to", "standard output");
    std::fprintf(stderr, "cordon: %s\n", error.message().c_str());
    return 125;
  }
  return doctor::exit_status(report);
}

}  // namespace cordon::cli
