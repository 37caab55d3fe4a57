#include "client/write_out.h"

#include <unistd.h>

#include "cli/write_all.h"

namespace cordon::client {

Result<void> write_out(std::string_view text) {
  if (cli::write_all(STDOUT_FILENO, text)) return {};
  return std::unexpected(system_error("write to standard output"));
}

}  // namespace cordon::client
