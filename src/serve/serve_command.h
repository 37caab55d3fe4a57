// `cordon serve`.
#pragma once

#include <span>

namespace cordon::serve {

int serve_main(std::span<char* const> arguments);

}  // namespace cordon::serve
