#include "cli/write_all.h"

#include <unistd.h>

#include <string>

#include "cli/exit_status.h"
#include "cordon/error.h"

namespace cordon::cli {

int print(std::string_view text) {
  if (write_all(STDOUT_FILENO, text)) return 0;
  complain("cordon", system_error("write to", "standard output").message());
  return kExitCannotRun;
}

void complain(std::string_view who, std::string_view what) {
  std::string line(who);
  line += ": ";
  line += what;
  line += '\n';
  write_all(STDERR_FILENO, line);
}

}  // namespace cordon::cli
