// From a profile to a program. Used when Cordon is built, for its own filters, and at run time, for
// those of others.
//
// A filter is a table of all calls, and one small program for each group of calls whose answer
// depends on arguments. A jump leads there from the table; JA is one of the instructions that the
// kernel (5.11 and newer) understands when it works out which calls are allowed whatever their
// arguments, and then skips the filter for them. libseccomp knows the calls' names and numbers.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "cordon/seccomp.h"
#include "linux/number_table.h"

namespace cordon::seccomp {

// Numbers of calls that libseccomp may not know.
using ExtraNumbers = std::map<std::string, int, std::less<>>;

struct Compiled {
  Program program;
  std::vector<std::string> unknown;  // as SeccompProgram::unknown
};

// `architecture` is libseccomp's token of the machine the program is for (SCMP_ARCH_X86_64).
Result<Compiled> compile_profile(const SeccompProfile& profile, std::uint32_t architecture,
                                 const ExtraNumbers& extra);

}  // namespace cordon::seccomp
