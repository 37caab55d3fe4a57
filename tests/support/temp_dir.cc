#include "support/temp_dir.h"

#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <stdexcept>

#include "core/remove_tree.h"

namespace cordon::test {
namespace {

[[noreturn]] void fail(const std::string& what) {
  throw std::runtime_error(what + ": " + std::strerror(errno));
}

}  // namespace

TempDir::TempDir(uid_t owner) {
  const char* base = std::getenv("CORDON_TEST_TMP");
  path_ = std::string(base != nullptr ? base : "/var/tmp") + "/cordon-test-XXXXXX";
  if (mkdtemp(path_.data()) == nullptr) fail("mkdtemp " + path_);
  if (chmod(path_.c_str(), 0755) < 0) fail("chmod " + path_);
  give_to(path_, owner);
}

TempDir::~TempDir() { remove_tree(path_); }

void write_file(const std::string& path, std::string_view content, mode_t mode) {
  std::ofstream(path, std::ios::binary | std::ios::trunc) << content;
  if (chmod(path.c_str(), mode) < 0) fail("write " + path);
}

std::string read_file(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream content;
  content << file.rdbuf();
  return content.str();
}

bool exists(const std::string& path) {
  struct stat info{};
  return lstat(path.c_str(), &info) == 0;
}

void make_dir(const std::string& path, mode_t mode) {
  if (mkdir(path.c_str(), mode) < 0 || chmod(path.c_str(), mode) < 0) fail("mkdir " + path);
}

void give_to(const std::string& path, uid_t owner) {
  if (owner != geteuid() && lchown(path.c_str(), owner, owner) < 0) fail("chown " + path);
}

void copy_program(const std::string& from, const std::string& to, mode_t mode) {
  std::filesystem::copy_file(from, to, std::filesystem::copy_options::overwrite_existing);
  if (chmod(to.c_str(), mode) < 0) fail("copy " + from);
}

void remove_tree(const std::string& path) {
  // What cannot be removed shows in the test that made it, not here.
  (void)cordon::remove_tree(path);
}

}  // namespace cordon::test
