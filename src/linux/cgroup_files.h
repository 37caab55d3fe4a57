// The kernel's knob files: small texts below a directory descriptor.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "cordon/error.h"

namespace cordon::cgroup {

// The whole file; absent when it cannot be opened or read.
std::optional<std::string> read_knob(int directory, const std::string& name);
// The same, of an open file, from its beginning.
std::optional<std::string> read_knob(int file);
// Writes in one write(2), as knobs want it. 0, or the errno.
int write_knob(int directory, const std::string& name, std::string_view value);
// The same; an error names the file, `place` being the path of `directory`, and the value.
Result<void> set_knob(int directory, const std::string& name, std::string_view value,
                      std::string_view place);
// Whether the effective user may: 0, or the errno (EROFS for a read-only mount).
int may_access(int directory, const char* name, int mode);

// Calls `visit` with every line, without its newline.
template <class F>
void each_line(std::string_view text, F visit) {
  while (!text.empty()) {
    const auto end = text.find('\n');
    visit(text.substr(0, end));
    if (end == std::string_view::npos) return;
    text.remove_prefix(end + 1);
  }
}

// Calls `visit` with every piece between `separator`s that is not empty.
template <class F>
void each_word(std::string_view text, char separator, F visit) {
  while (!text.empty()) {
    const auto end = text.find(separator);
    if (const auto word = text.substr(0, end); !word.empty()) visit(word);
    if (end == std::string_view::npos) return;
    text.remove_prefix(end + 1);
  }
}

// The digits a text begins with; 0 when there are none ("max").
std::uint64_t leading_number(std::string_view text);
// From lines "key number": the number, 0 without the line.
std::uint64_t value_of(std::string_view text, std::string_view key);
// From v2's io.stat, "8:0 rbytes=1 wbytes=2 ...": the sum over all devices of one key ("rbytes=").
std::uint64_t sum_of(std::string_view text, std::string_view key);
// From v1's blkio files, "8:0 Read 123": the sum over all devices of one operation ("Read").
std::uint64_t sum_of_operation(std::string_view text, std::string_view operation);

}  // namespace cordon::cgroup
