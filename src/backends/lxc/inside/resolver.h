// Whom the command asks for the addresses of names.
#pragma once

#include <vector>

namespace cordon::inside {

// Makes /etc/resolv.conf anew, whatever the image has there; nothing where there is no resolver.
// In an instance of the command's own, before its files become read-only.
void name_resolvers(const std::vector<const char*>& addresses);

}  // namespace cordon::inside
