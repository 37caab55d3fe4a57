#include "cli/doctor_options.h"

#include <array>

#include "cli/doctor.h"
#include "cli/exit_status.h"
#include "cli/help.h"
#include "cli/write_all.h"

namespace cordon::cli {

namespace {

constexpr std::string_view kWho = "cordon doctor";

constexpr std::array kTable = {
    OptionSpec{static_cast<int>(DoctorOption::Json), "json", "", "Options",
               "Print the findings as one JSON object.", "a table"},
    OptionSpec{static_cast<int>(DoctorOption::Help), "help", "", "Options", "Print this page.", ""},
};

}  // namespace

std::span<const OptionSpec> doctor_option_table() { return kTable; }

int doctor_main(std::span<char* const> arguments) {
  const auto parsed = parse_options(doctor_option_table(), arguments);
  if (!parsed) {
    complain(kWho, parsed.error().message());
    return kExitCannotRun;
  }
  DoctorOptions options;
  for (const GivenOption& given : parsed->given) {
    switch (static_cast<DoctorOption>(given.option->id)) {
      case DoctorOption::Json:
        options.format = DoctorOptions::Format::Json;
        break;
      case DoctorOption::Help:
        return print(format_page(doctor_page()));
    }
  }
  if (parsed->rest < arguments.size()) {
    const auto error = refuse_option(arguments[parsed->rest], {}, "doctor takes no argument");
    complain(kWho, error.error().message());
    return kExitCannotRun;
  }
  return run_doctor(options);
}

}  // namespace cordon::cli
