// What the probes come to: which tier works here. The light tier is judged by running something in
// it.
#pragma once

#include <chrono>
#include <memory>
#include <span>

#include "cordon/backend.h"
#include "cordon/select.h"
#include "doctor/report.h"

namespace cordon::doctor {

// Fills tiers, light and guarantees. `backends` are those that this program can ask; of other ones
// that are `built_in` the probes of the host say whether they can run. The trial run of the light
// tier's backend is ended after `patience`, whatever it does.
void judge_tiers(HostReport& report, std::span<const std::unique_ptr<Backend>> backends,
                 std::span<const BackendInfo> built_in = {},
                 std::chrono::milliseconds patience = std::chrono::seconds(5));

}  // namespace cordon::doctor
