// "Did you mean ...?"
#pragma once

#include <cstddef>
#include <optional>
#include <string_view>

namespace cordon {

// How many letters must be changed, added or removed to make one word of the other.
std::size_t edit_distance(std::string_view a, std::string_view b);

// The word that `name` is most likely a slip of; absent when all are further away than two letters.
template <class Words>
std::optional<std::string_view> nearest(std::string_view name, const Words& words) {
  constexpr std::size_t kLongest = 200;  // nobody mistypes that much
  std::optional<std::string_view> found;
  std::size_t least = 3;
  if (name.size() > kLongest) return found;
  for (const std::string_view word : words) {
    const std::size_t apart = edit_distance(name, word);
    if (apart < least) {
      least = apart;
      found = word;
    }
  }
  return found;
}

}  // namespace cordon
