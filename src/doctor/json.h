// The report for programs: one JSON object.
#pragma once

#include <string>

#include "doctor/report.h"

namespace cordon::doctor {

// One line, valid UTF-8, ended by a newline. Checks are an object keyed by CheckRow::id; a remedy
// is left out when there is none.
std::string render_json(const HostReport& report);

}  // namespace cordon::doctor
