// Keys of the HTTP API.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "cordon/error.h"

namespace cordon::server {

using KeyHash = std::array<std::uint8_t, 32>;

// Environments of its own, whose Dockerfiles read every image that the engine has and have it fetch
// from anywhere.
enum class EnvironmentGrant { None, Own };

struct ApiKey {
  std::string name;
  KeyHash hash{};
  std::optional<std::size_t> max_running;
  std::optional<std::size_t> max_queued;
  std::optional<std::uint64_t> max_artifact_bytes;  // of all its jobs together
  EnvironmentGrant environments = EnvironmentGrant::None;
  std::string policy;  // the widest that it may ask for, in TOML; empty: the default
};

// "cordon_" and 64 hexadecimal digits: 256 random bits. Errors: getrandom(2) fails.
Result<std::string> make_api_key();

// SHA-256. A slow hash protects what people think up; nobody guesses 256 random bits, and a slow
// hash would let strangers keep the server busy.
KeyHash hash_of_key(std::string_view key);

// Takes as long for a wrong hash as for the right one.
bool equal(const KeyHash& a, const KeyHash& b);

}  // namespace cordon::server
