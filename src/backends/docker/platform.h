// Programs of another processor's: found out before a container is made, and not by the exit status
// of its init.
#pragma once

#include <string>
#include <string_view>

#include "cordon/error.h"
#include "engine/types.h"

namespace cordon::docker {

// An image's word for its processor ("amd64"), and the kernel's for this one ("x86_64"). Words that
// are not known here may run: the engine knows better.
bool may_run(std::string_view image_architecture, std::string_view machine);

// Refuses an image for another platform, unless this host has handlers for foreign programs
// (binfmt_misc), which may well run it.
Result<void> check_platform(const engine::Image& image, std::string_view name);

// Of an image that was made for `platform` ("linux/arm64", "arm64", "linux/arm/v7"; empty: the
// engine's own): engines make one of whatever the image it starts from is for, and say nothing.
// Errors: Unsupported.
Result<void> check_made_for(const engine::Image& image, std::string_view platform);

}  // namespace cordon::docker
