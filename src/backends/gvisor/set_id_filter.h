// What keeps a guest from leaving set-user-ID and set-group-ID files on the host. gVisor's kernel
// gives the files of shown directories the modes that its guest asks for, and where Cordon is root
// they are root's: whoever finds such a file on the host runs it as root.
#pragma once

#include <linux/filter.h>

#include <span>

namespace cordon::gvisor {

enum class Barriers {
  AsEver,
  Missing,  // as in barrier_filter.h
};

// A filter for runsc and all that it starts: calls that give a file such a mode fail with EPERM,
// which is what the guest is told. Valid for the life of the process.
std::span<const sock_filter> filter_of_runsc(Barriers barriers);

}  // namespace cordon::gvisor
