// A .git/config that a guest writes where git on the host will read it: called harmless, nothing in
// it may be harmful, and nothing that is put behind it may pass for a part of it.
#include "linux/guard/git_config.h"

#include <string>

#include "fuzz.h"

using cordon::fuzz::require;
using cordon::guard::is_harmless_git_config;
using cordon::guard::Text;

namespace {

bool harmless(const std::string& content) {
  return is_harmless_git_config(Text(content.data(), content.size()));
}

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string content(cordon::fuzz::as_text(data, size));
  if (!harmless(content)) return 0;
  require(content.size() <= cordon::guard::kLongestGitConfig);
  require(!content.contains('\0'));
  // However it ends: in a comment, in a value, in the middle of a section.
  for (const char* harm : {"[core]\n\tfsmonitor = x\n", "[include]\n\tpath = x\n",
                           "[alias]\n\tst = !x\n", "fsmonitor = x\n"}) {
    require(!harmless(content + "\n" + harm));
    require(!harmless(harm + content));
  }
  // Git reads the rest of a file after any line of it in the same way.
  constexpr std::string_view kMore = "\n[core]\n\tbare = false\n";
  if (content.size() + kMore.size() <= cordon::guard::kLongestGitConfig) {
    require(harmless(content + std::string(kMore)));
  }
  return 0;
}
