#include "policy/document.h"

#include <fmt/format.h>

#include <utility>

namespace cordon {

namespace {

// "policy.toml:12:9"; embedded documents have lines only. What a program sends is no file: there a
// JSON pointer says more than a line.
std::string place_in(std::string_view source, const Position& position) {
  if (source.empty() && !position.label.empty()) return position.label;
  std::string place(source);
  const auto add = [&](const auto& part) {
    if (!place.empty()) place += ':';
    place += fmt::format("{}", part);
  };
  if (position.line > 0) {
    add(position.line);
    if (position.column > 0) add(position.column);
  } else if (!position.label.empty()) {
    add(position.label);
  }
  return place;
}

}  // namespace

std::string origin_of(const PolicyDocument& document, const PolicyEntry& entry) {
  return place_in(document.source, entry.position);
}

std::string place_of(std::string_view source, const Position& position) {
  std::string place = place_in(source, position);
  // An option's name needs no colon.
  if (!source.empty()) place += ':';
  return place;
}

std::unexpected<Error> refuse_entry(const PolicyDocument& document, const PolicyEntry& entry,
                                    std::string detail) {
  std::string subject(document.source.empty() ? "" : spec_of(entry.key).name);
  if (!entry.text.empty()) {
    subject += fmt::format("{}{}", subject.empty() ? "" : " ", entry.text.substr(0, 200));
  }
  return std::unexpected(invalid_argument(place_of(document.source, entry.position),
                                          std::move(subject), std::move(detail)));
}

}  // namespace cordon
