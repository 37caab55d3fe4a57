#include "server/parameters.h"

#include <fmt/format.h>

#include <charconv>
#include <utility>

#include "server/answers.h"

namespace cordon::server {

std::unexpected<Error> refuse_parameter(std::string_view parameter, std::string detail) {
  return std::unexpected(invalid_argument({}, std::string(parameter), std::move(detail)));
}

Result<std::uint64_t> number_of(const Target& target, std::string_view name, std::uint64_t initial,
                                std::uint64_t least, std::uint64_t most) {
  const auto text = target.parameter(name);
  if (!text) return initial;
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(text->data(), text->data() + text->size(), number);
  if (error != std::errc() || end != text->data() + text->size() || number < least ||
      number > most) {
    return refuse_parameter(name,
                            fmt::format("a whole number from {} to {} is wanted", least, most));
  }
  return number;
}

Response parameter_answer(const Error& error) {
  return refusal(400, "invalid_argument", error.message(), error.subject);
}

}  // namespace cordon::server
