// A directory of a test's own, gone at its end.
#pragma once

#include <fcntl.h>
#include <gtest/gtest.h>
#include <stdlib.h>
#include <sys/stat.h>

#include <fstream>
#include <iterator>
#include <string>

#include "core/remove_tree.h"
#include "core/unique_fd.h"

namespace cordon::jobs::testing {

class Directory {
 public:
  Directory() {
    char path[] = "/tmp/cordon-test-jobs-XXXXXX";
    path_ = ::mkdtemp(path);
    fd_.reset(::open(path_.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  }
  Directory(const Directory&) = delete;
  Directory& operator=(const Directory&) = delete;
  ~Directory() { (void)remove_tree(path_); }

  const std::string& path() const { return path_; }
  std::string path(const std::string& name) const { return path_ + "/" + name; }
  int fd() const { return fd_.get(); }

  std::string read(const std::string& name) const {
    std::ifstream file(path(name), std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
  }
  void write(const std::string& name, std::string_view text) const {
    std::ofstream(path(name), std::ios::binary) << text;
  }
  // 0 where there is nothing.
  mode_t mode(const std::string& name) const {
    struct stat status{};
    return ::lstat(path(name).c_str(), &status) == 0 ? status.st_mode : 0;
  }

 private:
  std::string path_;
  UniqueFd fd_;
};

}  // namespace cordon::jobs::testing
