// What was attempted, each thing once, in bounded memory whatever a guest does.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <unordered_map>
#include <unordered_set>

#include "cordon/observation.h"

namespace cordon::observe {

// Which of the policy's rules refused it; absent where it was not the policy. Called on the
// observer's thread, once for attempts that are alike.
using Judge = std::function<std::optional<Refusal>(const Observed&)>;

class AttemptLog {
 public:
  AttemptLog(Watch watch, Judge judge) : watch_(watch), judge_(std::move(judge)) {}

  void add(Observed attempt);
  Observation take();

  std::uint64_t processes = 0;

 private:
  static constexpr std::size_t kMostEntries = 65536;
  static constexpr std::size_t kMostBytes = 48 << 20;  // of keys and texts together

  struct Entry {
    std::optional<Refusal> refusal;
    Observed used;  // where there is none
  };

  Watch watch_;
  Judge judge_;
  std::unordered_map<std::string, Entry> entries_;
  std::unordered_set<std::uint64_t> of_no_interest_;  // hashes of keys
  std::size_t bytes_ = 0;
  std::uint64_t dropped_ = 0;
};

}  // namespace cordon::observe
