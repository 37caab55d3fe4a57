#include "support/temp_dir.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <stdexcept>
#include <vector>

namespace cordon::test {
namespace {

[[noreturn]] void fail(const std::string& what) {
  throw std::runtime_error(what + ": " + std::strerror(errno));
}

bool is_dot(const char* name) {
  return std::strcmp(name, ".") == 0 || std::strcmp(name, "..") == 0;
}

// Moves every directory found below `base` up into it before removing it, so that no recursion and
// no descriptor chain grows with the depth.
bool empty_directory(int base) {
  bool again = false;
  unsigned long counter = 0;
  std::vector<std::string> names;
  const auto list = [&](int directory) {
    names.clear();
    DIR* stream = fdopendir(dup(directory));
    if (stream == nullptr) return;
    rewinddir(stream);
    while (const dirent* entry = readdir(stream)) {
      if (!is_dot(entry->d_name)) names.emplace_back(entry->d_name);
    }
    closedir(stream);
  };
  list(base);
  for (const std::string& name : std::vector<std::string>(names)) {
    if (unlinkat(base, name.c_str(), 0) == 0) continue;
    if (unlinkat(base, name.c_str(), AT_REMOVEDIR) == 0) continue;
    fchmodat(base, name.c_str(), 0700, 0);
    const int child = openat(base, name.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (child < 0) continue;
    list(child);
    for (const std::string& inner : std::vector<std::string>(names)) {
      if (unlinkat(child, inner.c_str(), 0) == 0) continue;
      const std::string fresh = ".up." + std::to_string(getpid()) + "." +
                                std::to_string(counter++) + "." + name.substr(0, 64);
      renameat(child, inner.c_str(), base, fresh.c_str());
      again = true;
    }
    close(child);
    unlinkat(base, name.c_str(), AT_REMOVEDIR);
  }
  return again;
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
  const int base = open(path.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
  if (base >= 0) {
    while (empty_directory(base)) {
    }
    close(base);
  }
  rmdir(path.c_str());
}

}  // namespace cordon::test
