// `cordon keys add|list|revoke`.
#pragma once

#include <span>

namespace cordon::serve {

int keys_main(std::span<char* const> arguments);

}  // namespace cordon::serve
