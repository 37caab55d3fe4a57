#include <fmt/format.h>

#include <algorithm>
#include <boost/json/basic_parser_impl.hpp>

#include "core/units.h"
#include "policy/interpret.h"

namespace cordon {

namespace {

namespace json = boost::json;

constexpr std::size_t kDeepest = 8;

// What the parser reports, put together. Boost's own values would keep the last of two equal keys
// without a word, and a reader before us may have looked at the first.
class Builder {
 public:
  static constexpr std::size_t max_object_size = kMostPolicyBytes;
  static constexpr std::size_t max_array_size = kMostPolicyBytes;
  static constexpr std::size_t max_key_size = 4096;
  static constexpr std::size_t max_string_size = kMostPolicyBytes;
  using Code = boost::system::error_code;

  bool on_document_begin(Code&) { return true; }
  bool on_document_end(Code&) { return true; }
  bool on_object_begin(Code&) { return open(Node::Kind::Table); }
  bool on_object_end(std::size_t, Code&) { return close(); }
  bool on_array_begin(Code&) { return open(Node::Kind::List); }
  bool on_array_end(std::size_t, Code&) { return close(); }
  bool on_key_part(json::string_view part, std::size_t, Code&) { return append(part); }
  bool on_key(json::string_view part, std::size_t, Code& code) {
    append(part);
    key_ = std::exchange(text_, {});
    const auto& members = path_.back()->members;
    if (std::ranges::find(members, key_, &Node::Member::key) != members.end()) {
      duplicate_ = pointer() + "/" + key_;
      code = json::error::exception;
      return false;
    }
    return true;
  }
  bool on_string_part(json::string_view part, std::size_t, Code&) { return append(part); }
  bool on_string(json::string_view part, std::size_t, Code&) {
    append(part);
    Node& node = add(Node::Kind::Text);
    node.text = std::exchange(text_, {});
    return true;
  }
  bool on_number_part(json::string_view, Code&) { return true; }
  bool on_int64(std::int64_t number, json::string_view, Code&) {
    add(Node::Kind::Whole).whole = number;
    return true;
  }
  bool on_uint64(std::uint64_t number, json::string_view, Code&) {
    // Above the largest signed number: more than any key takes.
    add(Node::Kind::Decimal).decimal = static_cast<double>(number);
    return true;
  }
  bool on_double(double number, json::string_view, Code&) {
    add(Node::Kind::Decimal).decimal = number;
    return true;
  }
  bool on_bool(bool flag, Code&) {
    add(Node::Kind::Flag).flag = flag;
    return true;
  }
  bool on_null(Code&) {
    add(Node::Kind::Other);
    return true;
  }
  bool on_comment_part(json::string_view, Code&) { return true; }
  bool on_comment(json::string_view, Code&) { return true; }

  Node& root() { return root_; }
  const std::string& duplicate() const { return duplicate_; }

 private:
  bool append(json::string_view part) {
    text_.append(part.data(), part.size());
    return true;
  }

  std::string pointer() const { return path_.empty() ? "" : path_.back()->position.label; }

  Node& add(Node::Kind kind) {
    Node* node = &root_;
    std::string label;
    if (!path_.empty()) {
      Node& parent = *path_.back();
      if (parent.kind == Node::Kind::List) {
        label = fmt::format("{}/{}", pointer(), parent.items.size());
        node = &parent.items.emplace_back();
      } else {
        label = fmt::format("{}/{}", pointer(), key_);
        parent.members.push_back({key_, {0, 0, label}, {}});
        node = &parent.members.back().value;
      }
    }
    node->kind = kind;
    node->position.label = std::move(label);
    return *node;
  }

  // The vectors of open nodes do not grow while something inside them is open.
  bool open(Node::Kind kind) {
    path_.push_back(&add(kind));
    return true;
  }
  bool close() {
    path_.pop_back();
    return true;
  }

  Node root_;
  std::vector<Node*> path_;
  std::string key_;
  std::string text_;
  std::string duplicate_;
};

Position position_at(std::string_view text, std::size_t offset) {
  const std::string_view before = text.substr(0, offset);
  const auto line = static_cast<unsigned>(std::ranges::count(before, '\n')) + 1;
  const auto begin = before.rfind('\n');
  const std::size_t column = begin == std::string_view::npos ? offset : offset - begin - 1;
  return {line, static_cast<unsigned>(column) + 1, {}};
}

// The parser does not say where it is. Values and keys begin in the order in which it reports them,
// so a second look at a text that is known to be JSON finds the places.
class Placer {
 public:
  explicit Placer(std::string_view text) : text_(text) {}

  void place(Node& node) {
    find_token(node.position);
    if (node.kind != Node::Kind::Table && node.kind != Node::Kind::List) {
      skip_scalar();
      return;
    }
    ++at_;
    for (auto& [key, position, value] : node.members) {
      find_token(position);
      skip_scalar();
      place(value);
    }
    for (Node& item : node.items) place(item);
  }

 private:
  // What separates tokens; of brackets only the closing ones, the opening ones are tokens.
  void find_token(Position& position) {
    for (; at_ < text_.size() && kBetween.contains(text_[at_]); ++at_) {
      if (text_[at_] != '\n') continue;
      ++line_;
      begin_of_line_ = at_ + 1;
    }
    position.line = line_;
    position.column = static_cast<unsigned>(at_ - begin_of_line_) + 1;
  }

  // No string of JSON has a line's end in it.
  void skip_scalar() {
    if (at_ >= text_.size()) return;
    if (text_[at_] != '"') {
      while (at_ < text_.size() && !kBetween.contains(text_[at_])) ++at_;
      return;
    }
    for (++at_; at_ < text_.size() && text_[at_] != '"'; ++at_) {
      if (text_[at_] == '\\') ++at_;
    }
    ++at_;
  }

  static constexpr std::string_view kBetween = " \t\r\n,:]}";
  std::string_view text_;
  std::size_t at_ = 0;
  unsigned line_ = 1;
  std::size_t begin_of_line_ = 0;
};

}  // namespace

ReadPolicy read_json(std::string_view text, std::string_view source) {
  if (text.size() > kMostPolicyBytes) {
    return unreadable(source, {1, 1, {}},
                      fmt::format("a policy has at most {}; this has {}",
                                  format_size(kMostPolicyBytes), format_size(text.size())));
  }
  json::parse_options options;
  options.max_depth = kDeepest;
  json::basic_parser<Builder> parser(options);
  boost::system::error_code code;
  const std::size_t read = parser.write_some(false, text.data(), text.size(), code);
  if (!parser.handler().duplicate().empty()) {
    return unreadable(source, position_at(text, read),
                      fmt::format("the key {} stands there twice; keep one",
                                  parser.handler().duplicate().substr(0, 200)));
  }
  if (code || read < text.size()) {
    return unreadable(
        source, position_at(text, read),
        fmt::format("this is not JSON: {}", code ? code.message() : "something follows its end"));
  }
  Node& root = parser.handler().root();
  Placer(text).place(root);
  return interpret(root, source);
}

Result<PolicyDocument> policy_from_json(std::string_view text, std::string_view source) {
  ReadPolicy read = read_json(text, source);
  if (!read.problems.empty()) return std::unexpected(std::move(read.problems.front()));
  return std::move(read.document);
}

}  // namespace cordon
