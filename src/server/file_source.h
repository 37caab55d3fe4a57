// A piece of a file as the body of an answer.
#pragma once

#include <cstdint>

#include "core/unique_fd.h"
#include "server/service.h"

namespace cordon::server {

class FileSource final : public StreamSource {
 public:
  FileSource(UniqueFd file, std::uint64_t offset, std::uint64_t bytes)
      : file_(std::move(file)), offset_(offset), left_(bytes) {}

  // One that became shorter breaks the stream.
  Piece next() override;

 private:
  UniqueFd file_;
  std::uint64_t offset_;
  std::uint64_t left_;
};

}  // namespace cordon::server
