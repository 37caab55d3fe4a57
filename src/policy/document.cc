#include "policy/document.h"

#include <fmt/format.h>

#include <utility>

namespace cordon {

std::string origin_of(const PolicyDocument& document, const PolicyEntry& entry) {
  const Position& position = entry.position;
  if (position.line > 0) return fmt::format("{}:{}", document.source, position.line);
  if (document.source.empty()) return position.label;
  return position.label.empty() ? document.source
                                : fmt::format("{}:{}", document.source, position.label);
}

std::string place_of(std::string_view source, const Position& position) {
  if (position.line > 0) return fmt::format("{}:{}:{}:", source, position.line, position.column);
  if (source.empty()) return position.label;
  return position.label.empty() ? fmt::format("{}:", source)
                                : fmt::format("{}:{}:", source, position.label);
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
