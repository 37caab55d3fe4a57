// `cordon doctor`: what this host can do, what it cannot, and what would unlock it.
#pragma once

namespace cordon::cli {

struct DoctorOptions {
  enum class Format { Table, Json };
  Format format = Format::Table;
};

// Prints the report on stdout. Returns the exit status: 0 when the light tier works fully, 1 when
// it works with weaker guarantees, 2 when nothing works, 125 when the report could not be written.
int run_doctor(const DoctorOptions& options);

}  // namespace cordon::cli
