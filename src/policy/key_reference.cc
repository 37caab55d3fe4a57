#include "policy/key_reference.h"

#include <fmt/format.h>

#include "policy/key_table.h"

namespace cordon {

namespace {

// A bar would end the cell.
std::string cell(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '|') out += '\\';
    out += c;
  }
  return out;
}

}  // namespace

std::string key_reference() {
  std::string text =
      "| key | value | what it does | a project's file | example |\n|---|---|---|---|---|\n";
  for (const KeySpec& spec : key_table()) {
    text += fmt::format("| `{}` | {} | {} | {} | `{}` |\n", spec.name, cell(spec.unit),
                        cell(spec.meaning), spec.project, cell(spec.example));
  }
  return text;
}

}  // namespace cordon
