// A TOML or JSON document before anybody asked what its keys mean.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "policy/document.h"

namespace cordon {

struct Node {
  enum class Kind { Table, List, Text, Whole, Decimal, Flag, Other };
  struct Member;

  Kind kind = Kind::Other;
  Position position;
  std::string text;
  std::int64_t whole = 0;
  double decimal = 0;
  bool flag = false;
  std::vector<Member> members;  // Table
  std::vector<Node> items;      // List
};

struct Node::Member {
  std::string key;
  Position position;
  Node value;
};

}  // namespace cordon
