// Which rules no longer hold in a container that stays: the kernel takes a mount away when the host
// renames another file to where it lies, and moves it along when the host renames what it lies on.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "docker/files.h"

namespace cordon::docker {

// Their paths. `mountinfo`: the text of that file of a process of the container. None where the
// container shows the host's directories elsewhere, by a link of its image, or where that process
// does not see them, as gVisor's kernel.
std::vector<std::string> gone_mounts(std::string_view mountinfo, const Files& files);

}  // namespace cordon::docker
