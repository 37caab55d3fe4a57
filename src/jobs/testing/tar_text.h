// Tars as a stranger writes them: header by header, with whatever in it.
#pragma once

#include <cstdio>
#include <cstring>
#include <string>
#include <string_view>

namespace cordon::jobs::testing {

struct TarEntry {
  std::string name;
  std::string content = {};
  char type =
      '0';  // '0' file, '1' hard link, '2' link, '3' character device, '5' directory, '6' pipe
  std::string link = {};
  unsigned mode = 0644;
  std::string size = {};  // the field as it stands, instead of the content's length
};

inline void put(std::string& header, std::size_t at, std::string_view text) {
  header.replace(at, text.size(), text);
}

inline std::string octal(unsigned long long value, int digits) {
  char text[32];
  std::snprintf(text, sizeof text, "%0*llo", digits, value);
  return text;
}

inline std::string tar_entry(const TarEntry& entry) {
  std::string header(512, '\0');
  put(header, 0, std::string_view(entry.name).substr(0, 100));
  put(header, 100, octal(entry.mode, 7));
  put(header, 108, octal(0, 7));
  put(header, 116, octal(0, 7));
  put(header, 124, entry.size.empty() ? octal(entry.content.size(), 11) : entry.size);
  put(header, 136, octal(1'000'000'000, 11));
  put(header, 148, "        ");
  header[156] = entry.type;
  put(header, 157, std::string_view(entry.link).substr(0, 100));
  put(header, 257,
      std::string_view("ustar\0"
                       "00",
                       8));
  unsigned sum = 0;
  for (const char c : header) sum += static_cast<unsigned char>(c);
  put(header, 148, octal(sum, 6));
  header[154] = '\0';
  std::string padded = entry.content;
  padded.resize((padded.size() + 511) / 512 * 512);
  return header + padded;
}

inline std::string tar_end() { return std::string(1024, '\0'); }

template <class... Entries>
std::string tar_of(const Entries&... entries) {
  return (tar_entry(entries) + ... + tar_end());
}

}  // namespace cordon::jobs::testing
