// One command run in one sandbox of a backend, to see what really holds.
#pragma once

#include <chrono>
#include <string>

#include "cordon/backend.h"
#include "doctor/report.h"

namespace cordon::doctor {

struct TrialRun {
  LightTier outcome = LightTier::Unavailable;
  Guarantees guarantees;  // what the run reported; empty when nothing ran
  std::string found;      // in words
  std::string remedy;
};

// First with every guarantee, as `cordon run` would; when that is refused, with weaker ones
// accepted.
TrialRun try_backend(Backend& backend, std::chrono::milliseconds patience);

}  // namespace cordon::doctor
