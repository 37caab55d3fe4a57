// The running kernel's version, for messages and for judging what it can do. Code that uses a
// feature tries it instead: distributions carry features back to older versions.
#pragma once

#include <compare>
#include <optional>
#include <string>
#include <string_view>

namespace cordon::linux_os {

struct KernelVersion {
  int major = 0;
  int minor = 0;

  auto operator<=>(const KernelVersion&) const = default;
};

// "6.1.0-18-amd64" is 6.1. Absent when the text does not start with two numbers.
std::optional<KernelVersion> parse_kernel_version(std::string_view release);
// uname's release: "6.1.0-18-amd64".
std::string kernel_release();

}  // namespace cordon::linux_os
