// A directory of the test's own, removed with everything in it, whatever a guest made of it.
#pragma once

#include <sys/types.h>

#include <string>
#include <string_view>

namespace cordon::test {

class TempDir {
 public:
  // Below /var/tmp (or CORDON_TEST_TMP): a sandbox has a /tmp of its own, which would hide
  // everything in it, protected or not. Everybody may enter, `owner` may write.
  explicit TempDir(uid_t owner);
  TempDir(const TempDir&) = delete;
  TempDir& operator=(const TempDir&) = delete;
  ~TempDir();

  const std::string& path() const { return path_; }
  std::string operator/(std::string_view name) const { return path_ + "/" + std::string(name); }

 private:
  std::string path_;
};

void write_file(const std::string& path, std::string_view content, mode_t mode = 0644);
// Everything in it, or "" when it cannot be read.
std::string read_file(const std::string& path);
bool exists(const std::string& path);
void make_dir(const std::string& path, mode_t mode = 0755);
void give_to(const std::string& path, uid_t owner);
void copy_program(const std::string& from, const std::string& to, mode_t mode = 0755);
// Goes down by descriptor: a guest's directories may be deeper than any path is long.
void remove_tree(const std::string& path);

}  // namespace cordon::test
