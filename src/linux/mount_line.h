// A line of /proc/PID/mountinfo (proc_pid_mountinfo(5)).
#pragma once

#include <string>
#include <string_view>

namespace cordon::linux_os {

// Views of the line. What a line does not have is empty.
struct MountLine {
  std::string_view device;         // "8:1"
  std::string_view root;           // which directory of the file system; escaped
  std::string_view point;          // where; escaped
  std::string_view options;        // of the mount
  std::string_view type;           // of the file system
  std::string_view super_options;  // of the file system: cgroup v1 lists its controllers there
};

MountLine read_mount_line(std::string_view line);

// A word of it: the kernel writes space, tab, newline and backslash as three octal digits.
std::string unescape_octal(std::string_view text);

}  // namespace cordon::linux_os
