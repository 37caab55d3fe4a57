// Lists of strings in one column: each ends with a NUL byte.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace cordon::store {

// What follows a NUL byte within a string is lost; nothing that is kept this way has one.
inline void append(std::string& list, std::string_view text) {
  list += text.substr(0, text.find('\0'));
  list += '\0';
}

inline std::string pack(const std::vector<std::string>& texts) {
  std::string list;
  for (const auto& text : texts) append(list, text);
  return list;
}

inline std::vector<std::string> unpack(std::string_view list) {
  std::vector<std::string> texts;
  while (!list.empty()) {
    const auto end = list.find('\0');
    texts.emplace_back(list.substr(0, end));
    if (end == std::string_view::npos) break;
    list.remove_prefix(end + 1);
  }
  return texts;
}

}  // namespace cordon::store
