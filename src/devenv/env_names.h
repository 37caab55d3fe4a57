// Names and labels of environments.
#pragma once

#include <string>
#include <string_view>

namespace cordon::devenv {

// On images and containers: the id of the environment that they are of.
inline constexpr std::string_view kEnvLabel = "io.cordon.env";

// On containers: the project's directory.
inline constexpr std::string_view kProjectLabel = "io.cordon.env.project";
inline constexpr std::string_view kImagePrefix = "cordon-env/";

// 16 hexadecimal digits: of a project (its real path) and its Dockerfile, for this user.
std::string env_id(std::string_view project_dir, std::string_view dockerfile);

// Of the container that a project has.
std::string kept_container_id(std::string_view project_dir);

// "cordon-env/NAME-ID": of the project's last name what an image's name may have, and the id, which
// alone tells projects apart.
std::string image_repository(std::string_view project_dir, std::string_view id);

}  // namespace cordon::devenv
