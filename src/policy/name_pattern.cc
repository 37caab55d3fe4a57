#include "policy/name_pattern.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "core/try.h"
#include "core/utf8.h"

namespace cordon {

namespace {

bool is_ascii(char c) { return static_cast<signed char>(c) >= 0; }

char folded(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

char other_case(char c) {
  if (c >= 'a' && c <= 'z') return static_cast<char>(c - 'a' + 'A');
  return folded(c);
}

std::size_t index(char c) { return static_cast<unsigned char>(c); }

}  // namespace

class NamePattern::Parser {
 public:
  explicit Parser(std::string_view text) : text_(text) {}

  Result<NamePattern> parse() {
    while (at_ < text_.size()) {
      const char c = text_[at_++];
      switch (c) {
        case '*':
          if (!last_is(Token::Kind::AnyRun)) add(Token::Kind::AnyRun);
          break;
        case '?':
          add(Token::Kind::AnyOne);
          break;
        case '[':
          TRY(parse_set());
          break;
        case '{':
          if (text_.find(',', at_) < text_.find('}', at_) &&
              text_.find('}', at_) != std::string_view::npos) {
            return refuse(
                "braces name no alternatives here; write one rule for each, or \\{ for the "
                "character");
          }
          add_text(c);
          break;
        case '\\':
          if (at_ == text_.size()) return refuse("nothing follows the backslash");
          add_text(text_[at_++]);
          break;
        default:
          add_text(c);
      }
    }
    return std::move(pattern_);
  }

 private:
  std::unexpected<Error> refuse(std::string detail) const {
    return std::unexpected(
        invalid_argument("read the pattern", std::string(text_), std::move(detail)));
  }

  bool last_is(Token::Kind kind) const {
    return !pattern_.tokens_.empty() && pattern_.tokens_.back().kind == kind;
  }

  void add(Token::Kind kind) { pattern_.tokens_.push_back({.kind = kind}); }

  void add_text(char c) {
    if (!last_is(Token::Kind::Text)) add(Token::Kind::Text);
    pattern_.tokens_.back().text += c;
  }

  // One character of a set, and whether it was written plainly.
  Result<std::pair<char, bool>> next_member() {
    char c = text_[at_++];
    const bool escaped = c == '\\' && at_ < text_.size();
    if (escaped) c = text_[at_++];
    if (!is_ascii(c)) {
      return refuse(
          "only ASCII characters can stand in [...]; write one rule for each of the others");
    }
    return std::pair(c, !escaped);
  }

  Result<void> parse_set() {
    Token token{.kind = Token::Kind::Set};
    bool negated = false;
    if (at_ < text_.size() && (text_[at_] == '!' || text_[at_] == '^')) {
      negated = true;
      ++at_;
    }
    for (bool first = true;; first = false) {
      if (at_ >= text_.size()) return refuse("the [ has no ]; write \\[ for the character");
      if (text_.substr(at_).starts_with("[:")) {
        return refuse("named classes are not known here; write the characters, as in [a-z]");
      }
      const auto [low, plain] = TRY(next_member());
      if (low == ']' && plain && !first) break;
      char high = low;
      const bool range = at_ + 1 < text_.size() && text_[at_] == '-' && text_[at_ + 1] != ']';
      if (range) {
        ++at_;
        high = TRY(next_member()).first;
      }
      if (high < low) return refuse(fmt::format("the range {}-{} is empty", low, high));
      for (char c = low;; ++c) {
        token.members.set(index(c));
        if (c == high) break;
      }
    }
    if (negated) {
      token.members.flip();
      token.beyond_ascii = true;
    }
    pattern_.tokens_.push_back(std::move(token));
    return {};
  }

  std::string_view text_;
  std::size_t at_ = 0;
  NamePattern pattern_;
};

Result<NamePattern> NamePattern::parse(std::string_view text) { return Parser(text).parse(); }

std::size_t NamePattern::take(const Token& token, std::string_view rest, Case how) {
  if (token.kind == Token::Kind::Text) {
    const bool fits = how == Case::Exact ? rest.starts_with(token.text)
                                         : rest.size() >= token.text.size() &&
                                               std::ranges::equal(rest.substr(0, token.text.size()),
                                                                  token.text, {}, folded, folded);
    return fits ? token.text.size() : 0;
  }
  if (rest.empty()) return 0;
  if (token.kind == Token::Kind::AnyOne) return first_character(rest);
  const char c = rest.front();
  if (!is_ascii(c)) return token.beyond_ascii ? first_character(rest) : 0;
  const bool member = token.members.test(index(c)) ||
                      (how == Case::Fold && token.members.test(index(other_case(c))));
  return member ? 1 : 0;
}

// Between two stars each piece may take the first place where it fits: going back further than to
// the last star never helps.
bool NamePattern::matches(std::string_view name, Case how) const {
  constexpr std::size_t kNone = static_cast<std::size_t>(-1);
  std::size_t at = 0;
  std::size_t token = 0;
  std::size_t after_star = kNone;
  std::size_t star_at = 0;
  while (true) {
    if (token == tokens_.size() && at == name.size()) return true;
    if (token < tokens_.size()) {
      if (tokens_[token].kind == Token::Kind::AnyRun) {
        after_star = ++token;
        star_at = at;
        continue;
      }
      if (const std::size_t taken = take(tokens_[token], name.substr(at), how); taken > 0) {
        at += taken;
        ++token;
        continue;
      }
    }
    if (after_star == kNone || star_at == name.size()) return false;
    star_at += first_character(name.substr(star_at));
    at = star_at;
    token = after_star;
  }
}

const std::string* NamePattern::literal() const {
  static const std::string kEmpty;
  if (tokens_.empty()) return &kEmpty;
  return tokens_.size() == 1 && tokens_[0].kind == Token::Kind::Text ? &tokens_[0].text : nullptr;
}

bool NamePattern::matches_every_name() const {
  const auto count = [&](Token::Kind kind) {
    return static_cast<std::size_t>(std::ranges::count(tokens_, kind, &Token::kind));
  };
  // No name is empty: `?*` is as good as `*`.
  return count(Token::Kind::AnyRun) > 0 && count(Token::Kind::AnyOne) <= 1 &&
         count(Token::Kind::AnyRun) + count(Token::Kind::AnyOne) == tokens_.size();
}

}  // namespace cordon
