// The names in a directory and what kind of thing each is: a few system calls then answer what
// would take one for each name that is looked for.
#pragma once

#include <string_view>
#include <vector>

namespace cordon::native {

class DirectoryNames {
 public:
  enum class Kind {
    Unknown,  // look at the name itself
    Absent,
    Directory,
    Other,  // neither a directory nor a symbolic link
  };

  // `directory` is an O_PATH descriptor. A directory that cannot be listed, or has so many names
  // that listing it would cost more than it saves, says Unknown of every name.
  void read(int directory);
  void forget();

  Kind find(std::string_view name) const;

 private:
  struct Entry {
    std::string_view name;
    Kind kind;
  };

  std::vector<char> listing_;
  std::vector<Entry> entries_;  // sorted by name
  bool complete_ = false;
};

}  // namespace cordon::native
