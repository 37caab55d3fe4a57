// A work directory for each request that brings none, gone when it has ended.
#pragma once

#include <string>
#include <string_view>

#include "cordon/error.h"

namespace cordon {

class PrivateWorkDirs {
 public:
  // Makes `root` if it is missing (0700), and removes what an earlier manager left in it: nobody
  // else may be using it. Empty: there are none.
  static Result<PrivateWorkDirs> open(std::string root);

  Result<std::string> make(std::string_view id) const;
  // For a tier whose commands are never root, and are the owner of their work directory: it is
  // nobody's from here on, with all that lies in it. Before anything runs there. Only root can;
  // what others made is theirs, and so are their commands.
  Result<void> hand_over(std::string_view id) const;
  void remove(std::string_view id) const;

 private:
  explicit PrivateWorkDirs(std::string root) : root_(std::move(root)) {}
  std::string path_of(std::string_view id) const;

  std::string root_;
};

}  // namespace cordon
