// Small files of the kernel's: /proc, /sys and their like.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace cordon::linux_os {

// Where the host's files are: tests lay out a directory that looks like another host.
struct HostRoot {
  std::string prefix;  // empty: the real host

  std::string at(std::string_view path) const { return prefix + std::string(path); }
};

// The whole file, up to 256 KiB; absent when it cannot be opened or read.
std::optional<std::string> read_proc_file(const std::string& path);
// Its first line, without the newline.
std::optional<std::string> read_proc_line(const std::string& path);
// Its first line as a number; absent when it is none.
std::optional<long> read_proc_number(const std::string& path);

}  // namespace cordon::linux_os
