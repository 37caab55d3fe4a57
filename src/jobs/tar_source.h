// A tar as it comes, packed or not.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "cordon/error.h"
#include "jobs/byte_source.h"
#include "jobs/patience.h"

namespace cordon::jobs {

struct TarSource {
  int fd = -1;            // read to its end; not owned
  std::string_view data;  // where there is no descriptor
};

// Errors: those of Patience; what read(2) says.
class TarBytes final : public ByteSource {
 public:
  TarBytes(const TarSource& source, const Patience& patience)
      : source_(source), patience_(patience) {}

  Result<std::string_view> next() override;
  // What it begins with: so many bytes, or fewer where there are fewer. Before the first next().
  Result<std::string_view> front(std::size_t size);

 private:
  Result<std::size_t> read(char* to, std::size_t room) const;

  TarSource source_;
  const Patience& patience_;
  std::string buffer_;
  std::size_t kept_ = 0;   // of the buffer, read by front()
  std::size_t taken_ = 0;  // of the data
};

}  // namespace cordon::jobs
