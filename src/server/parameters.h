// Parameters of a request's query.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "cordon/error.h"
#include "server/http_message.h"
#include "server/target.h"

namespace cordon::server {

std::unexpected<Error> refuse_parameter(std::string_view parameter, std::string detail);
Result<std::uint64_t> number_of(const Target& target, std::string_view name, std::uint64_t initial,
                                std::uint64_t least, std::uint64_t most);
// 400, naming the parameter.
Response parameter_answer(const Error& error);

}  // namespace cordon::server
