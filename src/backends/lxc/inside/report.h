// What the program says to Cordon: one line on standard error, before anything of the guest's runs.
#pragma once

namespace cordon::inside {

// "cordon-instance ready": the walls stand, the command is next.
void report_ready();

// "cordon-instance failed ERRNO WHAT SUBJECT", and the end of this process.
[[noreturn]] void fail(const char* what, const char* subject, int error_number);
// With errno.
[[noreturn]] void fail(const char* what, const char* subject = "");

}  // namespace cordon::inside
