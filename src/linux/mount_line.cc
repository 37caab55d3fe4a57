#include "linux/mount_line.h"

#include <array>
#include <cstddef>

#include "linux/cgroup_files.h"

namespace cordon::linux_os {

// "36 35 0:30 /root /mount/point rw,opts shared:1 - type source superopts"
MountLine read_mount_line(std::string_view line) {
  MountLine mount;
  std::string_view skipped;
  const std::array head = {&skipped,    &skipped,     &mount.device,
                           &mount.root, &mount.point, &mount.options};
  const std::array tail = {&mount.type, &skipped, &mount.super_options};
  std::size_t before = 0;
  std::size_t after = 0;
  bool separator = false;
  cgroup::each_word(line, ' ', [&](std::string_view word) {
    if (separator) {
      if (after < tail.size()) *tail.at(after++) = word;
    } else if (before < head.size()) {
      *head.at(before++) = word;
    } else {
      separator = word == "-";  // behind words of their own number
    }
  });
  return mount;
}

std::string unescape_octal(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto digit = [&](std::size_t at) { return text[at] >= '0' && text[at] <= '7'; };
    if (text[i] == '\\' && i + 3 < text.size() && digit(i + 1) && digit(i + 2) && digit(i + 3)) {
      out += static_cast<char>((text[i + 1] - '0') * 64 + (text[i + 2] - '0') * 8 +
                               (text[i + 3] - '0'));
      i += 3;
    } else {
      out += text[i];
    }
  }
  return out;
}

}  // namespace cordon::linux_os
