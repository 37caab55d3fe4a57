#include "native/program_candidates.h"

#include <fmt/format.h>

#include <string_view>

namespace cordon::native {

std::vector<std::string> program_candidates(const std::string& command,
                                            const std::vector<std::string>& environment) {
  if (command.find('/') != std::string::npos) return {command};
  std::vector<std::string> candidates;
  for (const std::string& entry : environment) {
    if (!entry.starts_with("PATH=")) continue;
    std::string_view rest = std::string_view(entry).substr(5);
    while (!rest.empty()) {
      const auto colon = rest.find(':');
      const auto directory = rest.substr(0, colon);
      rest = colon == std::string_view::npos ? std::string_view{} : rest.substr(colon + 1);
      // An empty entry would mean the current directory, which the guest may write.
      if (directory.starts_with('/'))
        candidates.push_back(fmt::format("{}/{}", directory, command));
    }
  }
  return candidates;
}

}  // namespace cordon::native
