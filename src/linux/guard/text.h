// Text without libc, for the sandbox's first process: views, and buffers that say when they are
// full.
#pragma once

#include <cstddef>
#include <cstdint>

namespace cordon::guard {

struct Text {
  const char* data = "";
  std::size_t size = 0;

  constexpr Text() = default;
  constexpr Text(const char* text, std::size_t length) : data(text), size(length) {}
  constexpr explicit Text(const char* text) : data(text) {
    while (text[size]) ++size;
  }

  constexpr bool empty() const { return size == 0; }
  constexpr char operator[](std::size_t at) const { return data[at]; }
  constexpr Text from(std::size_t at) const { return {data + at, size - at}; }
  constexpr Text first(std::size_t count) const { return {data, count}; }
  constexpr bool starts_with(Text prefix) const {
    if (size < prefix.size) return false;
    for (std::size_t i = 0; i < prefix.size; ++i) {
      if (data[i] != prefix.data[i]) return false;
    }
    return true;
  }
  constexpr bool ends_with(Text suffix) const {
    return size >= suffix.size && from(size - suffix.size).starts_with(suffix);
  }
  constexpr bool operator==(Text other) const { return size == other.size && starts_with(other); }
};

// Takes the next name off the front of a path; an empty one at its end.
constexpr Text next_name(Text& rest) {
  while (!rest.empty() && rest[0] == '/') rest = rest.from(1);
  std::size_t size = 0;
  while (size < rest.size && rest[size] != '/') ++size;
  const Text name = rest.first(size);
  rest = rest.from(size);
  return name;
}

constexpr bool is_number(Text text) {
  for (std::size_t i = 0; i < text.size; ++i) {
    if (text[i] < '0' || text[i] > '9') return false;
  }
  return !text.empty();
}

constexpr bool is_ascii(Text text) {
  for (std::size_t i = 0; i < text.size; ++i) {
    if (static_cast<signed char>(text[i]) < 0) return false;
  }
  return true;
}

// As much of a text as fits; `fits` says whether it all did. Always NUL-terminated.
template <std::size_t kSize>
struct Buffer {
  char data[kSize];
  std::size_t size = 0;
  bool fits = true;

  Buffer() { data[0] = 0; }

  Text text() const { return {data, size}; }
  void clear() {
    size = 0;
    fits = true;
    data[0] = 0;
  }
  Buffer& add(Text text) {
    for (std::size_t i = 0; i < text.size; ++i) {
      if (size + 1 >= kSize) {
        fits = false;
        break;
      }
      data[size++] = text[i];
    }
    data[size] = 0;
    return *this;
  }
  Buffer& add(const char* text) { return add(Text(text)); }
  Buffer& add_number(std::uint64_t number) {
    char digits[20];
    std::size_t at = sizeof digits;
    do {
      digits[--at] = static_cast<char>('0' + number % 10);
      number /= 10;
    } while (number);
    return add(Text(digits + at, sizeof digits - at));
  }
};

}  // namespace cordon::guard
