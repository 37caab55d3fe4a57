#include "core/utf8.h"

#include "fuzz.h"

using cordon::fuzz::require;

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto bytes = cordon::fuzz::as_text(data, size);
  const std::string text = cordon::replace_invalid_utf8(bytes);
  require(text.size() <= 3 * bytes.size());
  require(cordon::replace_invalid_utf8(text) == text);
  require(cordon::whole_characters(text) == text.size());
  // Cutting at a limit and then at a character loses less than one character.
  for (std::size_t limit = 0; limit <= text.size() && limit < 16; ++limit) {
    const std::size_t whole = cordon::whole_characters(std::string_view(text).substr(0, limit));
    require(whole <= limit && limit - whole < 4);
    require(cordon::replace_invalid_utf8(text.substr(0, whole)) == text.substr(0, whole));
  }
  return 0;
}
