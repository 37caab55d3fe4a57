// A directory that looks like the root of another host, for tests.
#pragma once

#include <gtest/gtest.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include <cstring>
#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>

#include "core/unique_fd.h"
#include "linux/proc_file.h"

namespace cordon::testing {

class FakeHost {
 public:
  FakeHost() {
    char pattern[] = "/tmp/fake-host-XXXXXX";
    if (::mkdtemp(pattern) != nullptr) path_ = pattern;
    EXPECT_FALSE(path_.empty());
  }
  FakeHost(const FakeHost&) = delete;
  FakeHost& operator=(const FakeHost&) = delete;
  ~FakeHost() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }

  linux_os::HostRoot root() const { return {path_.string()}; }
  std::string at(std::string_view path) const { return root().at(path); }

  FakeHost& file(std::string_view path, std::string_view text) {
    std::filesystem::create_directories(std::filesystem::path(at(path)).parent_path());
    std::ofstream(at(path)) << text;
    return *this;
  }
  FakeHost& program(std::string_view path) {
    file(path, "#!/bin/sh\nexit 1\n");
    ::chmod(at(path).c_str(), 0755);
    return *this;
  }
  FakeHost& link(std::string_view path, std::string_view target) {
    std::filesystem::create_directories(std::filesystem::path(at(path)).parent_path());
    std::filesystem::create_symlink(target, at(path));
    return *this;
  }
  // A listening socket; closing it leaves the name, which then refuses.
  UniqueFd listener(std::string_view path) {
    std::filesystem::create_directories(std::filesystem::path(at(path)).parent_path());
    UniqueFd fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::strncpy(address.sun_path, at(path).c_str(), sizeof address.sun_path - 1);
    EXPECT_EQ(::bind(fd.get(), reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
    EXPECT_EQ(::listen(fd.get(), 8), 0);
    return fd;
  }

  // Who calls, as /proc/self/status says it.
  FakeHost& ordinary_user() { return caller(1000, "0000000000000000", 0); }
  FakeHost& root_user() { return caller(0, "000001ffffffffff", 0); }
  FakeHost& caller(unsigned uid, std::string_view capabilities, int seccomp_mode) {
    const std::string id = std::to_string(uid);
    return file("/proc/self/status", "Name:\tcordon\nUid:\t" + id + "\t" + id + "\t" + id + "\t" +
                                         id + "\nCapEff:\t" + std::string(capabilities) +
                                         "\nSeccomp:\t" + std::to_string(seccomp_mode) +
                                         "\nSeccomp_filters:\t0\n")
        .file("/proc/self/uid_map", "         0          0 4294967295\n");
  }

 private:
  std::filesystem::path path_;
};

inline constexpr std::string_view kOrdinaryMounts =
    "25 1 254:0 / / rw,relatime - ext4 /dev/vda rw\n"
    "26 25 0:21 / /proc rw,relatime - proc proc rw\n";
inline constexpr std::string_view kMaskedMounts =
    "700 600 0:90 / / rw - overlay overlay rw\n"
    "701 700 0:91 / /proc rw - proc proc rw\n"
    "702 701 0:91 /bus /proc/bus ro - proc proc rw\n"
    "703 701 0:92 / /proc/acpi ro - tmpfs tmpfs ro\n";

}  // namespace cordon::testing
