#include "linux/cgroup_files.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <charconv>

#include "core/unique_fd.h"

namespace cordon::cgroup {

std::optional<std::string> read_knob(int directory, const std::string& name) {
  const UniqueFd fd(::openat(directory, name.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  if (!fd.valid()) return std::nullopt;
  return read_knob(fd.get());
}

std::optional<std::string> read_knob(int file) {
  std::string text;
  std::array<char, 4096> buffer;
  for (;;) {
    const ssize_t size =
        ::pread(file, buffer.data(), buffer.size(), static_cast<off_t>(text.size()));
    if (size < 0) return std::nullopt;
    text.append(buffer.data(), static_cast<std::size_t>(size));
    // A knob answers as much as fits: a short answer is the last one.
    if (static_cast<std::size_t>(size) < buffer.size() / 2) return text;
  }
}

int write_knob(int directory, const std::string& name, std::string_view value) {
  const UniqueFd fd(::openat(directory, name.c_str(), O_WRONLY | O_CLOEXEC));
  if (!fd.valid()) return errno;
  if (::write(fd.get(), value.data(), value.size()) < 0) return errno;
  return 0;
}

Result<void> set_knob(int directory, const std::string& name, std::string_view value,
                      std::string_view place) {
  const int failed = write_knob(directory, name, value);
  if (failed == 0) return {};
  auto error =
      system_error(fmt::format("write {} to", value), fmt::format("{}/{}", place, name), failed);
  return std::unexpected(std::move(error));
}

int may_access(int directory, const char* name, int mode) {
  return ::faccessat(directory, name, mode, AT_EACCESS) == 0 ? 0 : errno;
}

std::uint64_t leading_number(std::string_view text) {
  std::uint64_t value = 0;
  std::from_chars(text.data(), text.data() + text.size(), value);
  return value;
}

std::uint64_t value_of(std::string_view text, std::string_view key) {
  std::uint64_t value = 0;
  each_line(text, [&](std::string_view line) {
    if (line.starts_with(key) && line.substr(key.size()).starts_with(' ')) {
      value = leading_number(line.substr(key.size() + 1));
    }
  });
  return value;
}

std::uint64_t sum_of(std::string_view text, std::string_view key) {
  std::uint64_t sum = 0;
  each_line(text, [&](std::string_view line) {
    each_word(line, ' ', [&](std::string_view word) {
      if (word.starts_with(key)) sum += leading_number(word.substr(key.size()));
    });
  });
  return sum;
}

std::uint64_t sum_of_operation(std::string_view text, std::string_view operation) {
  std::uint64_t sum = 0;
  each_line(text, [&](std::string_view line) {
    const auto device_end = line.find(' ');
    if (device_end == std::string_view::npos) return;
    const auto rest = line.substr(device_end + 1);
    if (rest.starts_with(operation) && rest.substr(operation.size()).starts_with(' ')) {
      sum += leading_number(rest.substr(operation.size() + 1));
    }
  });
  return sum;
}

}  // namespace cordon::cgroup
