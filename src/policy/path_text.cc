#include "policy/path_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "core/try.h"
#include "policy/glob.h"

namespace cordon {

namespace {

std::unexpected<Error> refuse(std::string_view text, std::string detail) {
  return std::unexpected(
      invalid_argument("read the path", std::string(text.substr(0, 200)), std::move(detail)));
}

bool is_name_letter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

class Expander {
 public:
  Expander(std::string_view text, const PathContext& context) : text_(text), context_(context) {}

  Result<std::optional<std::string>> expand() {
    TRY(take_home(text_));
    while (at_ < text_.size()) {
      const char c = text_[at_];
      if (c == '\\' && at_ + 1 < text_.size()) {
        // What is special here only is no longer so in the pattern.
        const char taken = text_[at_ + 1];
        if (taken != '$' && taken != '~') out_ += c;
        out_ += taken;
        at_ += 2;
      } else if (c == '$') {
        TRY(take_variable());
      } else {
        out_ += c;
        ++at_;
      }
    }
    if (!complete_) return std::nullopt;
    if (!out_.starts_with('/')) out_ = anchored();
    return std::move(out_);
  }

 private:
  std::string anchored() const {
    std::string_view rest = out_;
    while (rest.starts_with("./")) rest.remove_prefix(2);
    std::string path = Glob::escape(context_.work_dir);
    if (!rest.empty() && rest != ".") path += fmt::format("/{}", rest);
    return path;
  }

  Result<void> take_home(std::string_view text) {
    if (!text.starts_with('~')) return {};
    if (text.size() > 1 && text[1] != '/') {
      return refuse(text_,
                    "~ is the caller's home directory, and a / follows it; write \\~ for the "
                    "character");
    }
    out_ += Glob::escape(context_.home);
    at_ += 1;
    return {};
  }

  Result<void> take_variable() {
    ++at_;
    const bool braces = at_ < text_.size() && text_[at_] == '{';
    if (braces) ++at_;
    const std::size_t begin = at_;
    while (at_ < text_.size() && is_name_letter(text_[at_])) ++at_;
    const std::string_view name = text_.substr(begin, at_ - begin);
    if (name.empty()) {
      return refuse(text_, "a variable's name is missing after the $; write \\$ for the character");
    }
    std::optional<std::string_view> instead;
    if (braces) {
      const std::size_t end = text_.find('}', at_);
      if (end == std::string_view::npos) return refuse(text_, "the ${ has no }");
      const std::string_view rest = text_.substr(at_, end - at_);
      if (rest.starts_with(":-")) {
        instead = rest.substr(2);
      } else if (!rest.empty()) {
        return refuse(text_, "write ${NAME} or ${NAME:-instead}");
      }
      at_ = end + 1;
    }
    const bool front = out_.empty();
    std::optional<std::string_view> value =
        context_.variable ? context_.variable(name) : std::nullopt;
    if (value && (value->empty() || (front && !value->starts_with('/')))) value.reset();
    if (value) {
      out_ += Glob::escape(*value);
    } else if (instead) {
      return take_instead(*instead, front);
    } else {
      complete_ = false;
    }
    return {};
  }

  Result<void> take_instead(std::string_view instead, bool front) {
    if (front && (instead == "~" || instead.starts_with("~/"))) {
      out_ += Glob::escape(context_.home);
      instead.remove_prefix(1);
    }
    out_ += instead;
    return {};
  }

  std::string_view text_;
  const PathContext& context_;
  std::size_t at_ = 0;
  std::string out_;
  bool complete_ = true;
};

}  // namespace

Result<std::optional<std::string>> expand_path(std::string_view text, const PathContext& context) {
  if (text.empty()) return refuse("\"\"", "it is empty");
  if (text.contains('\0')) return refuse(text, "it contains a NUL byte");
  return Expander(text, context).expand();
}

Result<void> check_path_text(std::string_view text, Anchor anchor) {
  const PathContext anywhere{
      .home = "/h", .work_dir = "/w", .variable = [](std::string_view) { return "/v"; }};
  const std::optional<std::string> path = TRY(expand_path(text, anywhere));
  const auto glob = Glob::parse(*path);
  if (!glob) return refuse(text, glob.error().detail);
  if (!glob->literal() && glob->names_nothing()) {
    return refuse(text,
                  "it matches everything there; name the directory, or say more about the "
                  "names");
  }
  if (anchor == Anchor::Absolute && !text.starts_with('/') && !text.starts_with('~') &&
      !text.starts_with('$')) {
    return refuse(text,
                  "a policy for the whole system does not know where it will be used; write "
                  "a path that begins with / or ~/");
  }
  return {};
}

}  // namespace cordon
