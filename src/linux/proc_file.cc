#include "linux/proc_file.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <charconv>

#include "core/unique_fd.h"

namespace cordon::linux_os {

namespace {
constexpr std::size_t kMostBytes = std::size_t{256} * 1024;
}

std::optional<std::string> read_proc_file(const std::string& path) {
  // O_NONBLOCK: a FIFO where a file is expected must not hang the reader.
  const UniqueFd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  if (!fd.valid()) return std::nullopt;
  std::string text;
  std::array<char, 4096> buffer;
  while (text.size() < kMostBytes) {
    const ssize_t size = ::read(fd.get(), buffer.data(), buffer.size());
    if (size < 0) return std::nullopt;
    if (size == 0) break;
    text.append(buffer.data(), static_cast<std::size_t>(size));
  }
  return text;
}

std::optional<std::string> read_proc_line(const std::string& path) {
  auto text = read_proc_file(path);
  if (text) text->resize(std::min(text->find('\n'), text->size()));
  return text;
}

std::optional<long> read_proc_number(const std::string& path) {
  const auto line = read_proc_line(path);
  if (!line) return std::nullopt;
  long value = 0;
  const auto [end, error] = std::from_chars(line->data(), line->data() + line->size(), value);
  if (error != std::errc{} || end != line->data() + line->size()) return std::nullopt;
  return value;
}

}  // namespace cordon::linux_os
