// Room on the disk for what callers send, bounded for each and for all together.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>

#include "cordon/error.h"
#include "core/unique_fd.h"

namespace cordon::server {

class SpoolFile;

// Thread-safe. Outlives its files.
class UploadSpool {
 public:
  struct Limits {
    std::uint64_t file_bytes = 1ULL << 30;
    std::uint64_t caller_bytes = 2ULL << 30;  // of one caller's files
    std::uint64_t bytes = 4ULL << 30;         // of all
  };
  // `directory`: where the files are, which have no names: nothing is left of them when this
  // process ends, however it does.
  UploadSpool(std::string directory, const Limits& limits)
      : directory_(std::move(directory)), limits_(limits) {}

  const Limits& limits() const { return limits_; }
  Result<std::unique_ptr<SpoolFile>> open(std::string caller);

 private:
  friend class SpoolFile;
  Result<void> reserve(const std::string& caller, std::uint64_t file, std::uint64_t more);
  void release(const std::string& caller, std::uint64_t bytes);

  const std::string directory_;
  const Limits limits_;
  std::mutex mutex_;
  std::map<std::string, std::uint64_t> held_;
  std::uint64_t all_ = 0;
};

// One caller's file; its room is free again when it is destroyed. One thread at a time.
class SpoolFile {
 public:
  SpoolFile(UploadSpool& spool, std::string caller, UniqueFd fd)
      : spool_(spool), caller_(std::move(caller)), fd_(std::move(fd)) {}
  SpoolFile(const SpoolFile&) = delete;
  SpoolFile& operator=(const SpoolFile&) = delete;
  ~SpoolFile();

  // Errors: InvalidArgument: more than a file may have; QuotaExceeded: more than this caller may
  // have; Unavailable: more than there is room for; ResourceExhausted: the disk is full.
  Result<void> append(std::string_view bytes);
  std::uint64_t size() const { return size_; }
  // At its beginning.
  Result<int> rewound() const;

 private:
  UploadSpool& spool_;
  const std::string caller_;
  UniqueFd fd_;
  std::uint64_t size_ = 0;
};

}  // namespace cordon::server
