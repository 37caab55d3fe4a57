#include "server/files_field.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/string.hpp>
#include <string>
#include <string_view>
#include <utility>

#include "core/base64.h"
#include "core/try.h"
#include "manager/input_files.h"

namespace cordon::server {

namespace {

namespace json = boost::json;

std::unexpected<Error> refuse(std::string field, std::string detail) {
  return std::unexpected(invalid_argument({}, std::move(field), std::move(detail)));
}

Result<std::string> text_of(const json::value& value, const std::string& field) {
  if (!value.is_string()) return refuse(field, "a string is wanted");
  return std::string(value.get_string().data(), value.get_string().size());
}

Result<std::uint32_t> mode_of(const json::value& value, const std::string& field) {
  const json::string* const text = value.if_string();
  const bool octal = text != nullptr && !text->empty() && text->size() <= 4 &&
                     std::ranges::all_of(*text, [](char c) { return c >= '0' && c <= '7'; });
  std::uint32_t mode = 0;
  if (octal) {
    for (const char c : *text) mode = mode * 8 + static_cast<std::uint32_t>(c - '0');
  }
  if (!octal || mode > 0777) return refuse(field, "a string from \"0000\" to \"0777\" is wanted");
  return mode;
}

// All members but the path, if that is known already.
Result<InputFile> file_of(const json::object& object, const std::string& field, std::string path) {
  const bool named = !path.empty();
  InputFile file{.path = std::move(path), .content = {}};
  int contents = 0;
  for (const auto& [key, value] : object) {
    const std::string_view name{key.data(), key.size()};
    const std::string member = fmt::format("{}.{}", field, name.substr(0, 100));
    if (name == "path" && !named) {
      file.path = TRY(text_of(value, member));
    } else if (name == "content") {
      file.content = TRY(text_of(value, member));
      ++contents;
    } else if (name == "content_base64") {
      auto bytes = decode_base64(TRY(text_of(value, member)));
      if (!bytes) return refuse(member, "base64 with padding and without line breaks is wanted");
      file.content = *std::move(bytes);
      ++contents;
    } else if (name == "mode") {
      file.mode = TRY(mode_of(value, member));
    } else {
      return refuse(member,
                    "there is no such field; there is path, content, content_base64 and mode");
    }
  }
  if (contents > 1) return refuse(field, "content and content_base64 do not go together");
  return file;
}

std::string field_of(std::string_view path) {
  return fmt::format("files[\"{}\"]", path.substr(0, 100));
}

Result<void> check(std::span<const InputFile> files, std::span<const std::string> fields) {
  const auto problem = problem_of(files);
  if (!problem) return {};
  return refuse(problem->file ? fmt::format("{}.{}", fields[*problem->file], problem->member)
                              : std::string("files"),
                problem->words);
}

}  // namespace

Result<std::vector<InputFile>> read_files(const json::value& value) {
  std::vector<InputFile> files;
  std::vector<std::string> fields;
  if (const json::array* const list = value.if_array()) {
    for (const json::value& item : *list) {
      fields.push_back(fmt::format("files[{}]", files.size()));
      const json::object* const object = item.if_object();
      if (object == nullptr) return refuse(fields.back(), "an object is wanted");
      files.push_back(TRY(file_of(*object, fields.back(), {})));
    }
  } else if (const json::object* const object = value.if_object()) {
    for (const auto& [key, item] : *object) {
      const std::string path(key.data(), key.size());
      fields.push_back(field_of(path));
      if (const json::object* const rest = item.if_object()) {
        files.push_back(TRY(file_of(*rest, fields.back(), path)));
      } else {
        files.push_back({.path = path, .content = TRY(text_of(item, fields.back()))});
      }
    }
  } else {
    return refuse("files", "a list of objects, or an object with paths as names, is wanted");
  }
  TRY(check(files, fields));
  return files;
}

Result<void> check_files(std::span<const InputFile> files) {
  std::vector<std::string> fields;
  fields.reserve(files.size());
  for (const InputFile& file : files) fields.push_back(field_of(file.path));
  return check(files, fields);
}

}  // namespace cordon::server
