// The file of --report: written as a whole or not at all.
#pragma once

#include <string>
#include <string_view>

#include "cordon/error.h"
#include "core/unique_fd.h"

namespace cordon::cli {

class ReportFile {
 public:
  // Shows, before anything runs, that the file can be written; leaves nothing there. The directory
  // stays the one that it was, whatever the command renames. Errors name the option.
  static Result<ReportFile> prepare(const std::string& path);

  // Replaces the file, for its owner's eyes only (0600). A symbolic link that the command put in
  // its place is replaced, not followed.
  Result<void> write(std::string_view text) const;

 private:
  std::string path_;
  std::string name_;
  UniqueFd directory_;
};

}  // namespace cordon::cli
