// A directory of the host where an engine, or what runs in a container, finds files of Cordon's.
#pragma once

#include <string>
#include <string_view>
#include <utility>

#include "cordon/error.h"

namespace cordon::docker {

// It is gone when this object is. What a killed Cordon leaves of it is found by sweep_own_places().
class OwnPlace {
 public:
  // In it there can be these.
  static constexpr std::string_view kSocket = "/socket";
  static constexpr std::string_view kHosts = "/hosts";
  static constexpr std::string_view kFilter = "/filter";
  static constexpr std::string_view kEmpty = "/empty";

  static Result<OwnPlace> make();
  OwnPlace(OwnPlace&& other) noexcept : directory_(std::exchange(other.directory_, {})) {}
  OwnPlace& operator=(OwnPlace&&) = delete;
  ~OwnPlace();

  std::string path(std::string_view name) const { return directory_ + std::string(name); }
  // Whoever knows a name in it reaches that; else only we and root do.
  void let_others_enter() const;
  Result<void> write(std::string_view name, std::string_view text) const;

 private:
  explicit OwnPlace(std::string directory) : directory_(std::move(directory)) {}

  std::string directory_;
};

// Removes those of dead owners.
void sweep_own_places();

}  // namespace cordon::docker
