#include "core/whole_file.h"

#include <fcntl.h>
#include <unistd.h>

#include "core/cleanup.h"
#include "core/id.h"
#include "core/try.h"
#include "core/unique_fd.h"
#include "core/write_all.h"

namespace cordon {

Result<void> write_whole_file(const std::string& path, std::string_view text) {
  const std::string fresh = path + "." + TRY(make_id());
  const UniqueFd fd(::open(fresh.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
  if (!fd.valid()) return std::unexpected(system_error("write", fresh));
  Cleanup remove([&] { ::unlink(fresh.c_str()); });
  if (!write_all(fd.get(), text) || ::fsync(fd.get()) != 0) {
    return std::unexpected(system_error("write", fresh));
  }
  if (::rename(fresh.c_str(), path.c_str()) != 0) {
    return std::unexpected(system_error("write", path));
  }
  remove.release();
  return {};
}

}  // namespace cordon
