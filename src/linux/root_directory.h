// Whether the caller is in a chroot, and what is mounted where it can see it.
#pragma once

#include <string>
#include <vector>

#include "linux/proc_file.h"

namespace cordon::linux_os {

enum class RootDirectory {
  Namespace,  // the root of its mount namespace
  Chroot,     // below it: the kernel refuses new user namespaces there
  Unknown,    // /proc cannot tell this caller
};

RootDirectory root_directory(const HostRoot& root = {});

// Every mount point below the caller's root directory.
std::vector<std::string> mount_points(const HostRoot& root = {});

}  // namespace cordon::linux_os
