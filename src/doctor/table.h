// The report for people: aligned columns, at most 100 wide.
#pragma once

#include <string>

#include "doctor/report.h"

namespace cordon::doctor {

enum class Colours { Off, On };

std::string render_table(const HostReport& report, Colours colours);

}  // namespace cordon::doctor
