// Files that a request brings, on their way into the work directory.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "cordon/error.h"
#include "cordon/manager.h"

namespace cordon {

inline constexpr std::size_t kMostInputFiles = 1000;
inline constexpr std::size_t kMostInputBytes = 64 << 20;  // of all together
inline constexpr std::size_t kLongestInputPath = 1024;

// What is wrong with files that belong together, and with which; absent: nothing.
struct InputProblem {
  std::optional<std::size_t> file;  // its index; absent: it is about all of them
  std::string_view member;          // "path", "mode"; of one file
  std::string words;
};
std::optional<InputProblem> problem_of(std::span<const InputFile> files);

// Below `directory`, and nowhere else: whatever stands there, no symbolic link is followed. A file
// that is there is replaced. Errors: a directory stands where a file shall, or the other way round;
// the disk is full.
Result<void> write_input_files(const std::string& directory, std::span<const InputFile> files);

}  // namespace cordon
