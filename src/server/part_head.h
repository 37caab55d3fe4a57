// The words with which a form and its parts describe themselves: media types and dispositions.
#pragma once

#include <cstddef>
#include <expected>
#include <optional>
#include <string>
#include <string_view>

namespace cordon::server {

struct PartHead {
  std::string name;
  std::optional<std::string> file_name;  // a stranger's bytes: no path before it was looked at
  std::string content_type;              // without parameters; empty: it says none
};

// The lines before the content of a part, without the empty one. The error is what is wrong, for
// the person who sent it.
std::expected<PartHead, std::string> read_part_head(std::string_view lines,
                                                    std::size_t longest_name);

inline constexpr std::string_view kForm = "multipart/form-data";

// "text/plain; charset=utf-8" is text/plain.
std::string_view media_type(std::string_view content_type);

// The boundary of a multipart/form-data.
std::expected<std::string, std::string> boundary_of(std::string_view content_type);

}  // namespace cordon::server
