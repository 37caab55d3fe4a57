// A pattern and a path, one line each.
#include "policy/glob.h"

#include "fuzz.h"

using cordon::fuzz::require;

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto text = cordon::fuzz::as_text(data, size);
  const auto end = text.find('\n');
  const auto pattern = text.substr(0, end);
  const auto path = end == std::string_view::npos ? std::string_view("/a") : text.substr(end + 1);
  const auto glob = cordon::Glob::parse(pattern);
  if (!glob) {
    require(!glob.error().message().empty());
    return 0;
  }
  const bool matches = glob->matches(path);
  require(!matches || glob->covers(path));
  require(!matches || glob->matches(path, cordon::Case::Fold));
  const auto again = cordon::Glob::parse(glob->text());
  require(again.has_value() && *again == *glob);
  if (!path.contains('\0')) {
    const auto escaped = cordon::Glob::parse(cordon::Glob::escape(path));
    if (escaped && !escaped->components().empty()) require(escaped->literal());
  }
  return 0;
}
