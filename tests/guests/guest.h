// A guest tries one bad thing and says what came of it: one line on stdout, and its exit code.
#pragma once

#include <cerrno>
#include <cstddef>
#include <cstdlib>
#include <span>

namespace guest {

inline constexpr int kContained = 0;
inline constexpr int kEscaped = 42;
inline constexpr int kUsage = 64;
inline constexpr int kBroken = 70;

using Args = std::span<char*>;
using Main = int (*)(const Args&);

// Every guest registers itself: adding one is adding a file.
class Entry {
 public:
  Entry(const char* name, std::size_t arguments, const char* usage, Main main);
  static const Entry* first();
  const char* name;
  std::size_t arguments;
  const char* usage;
  Main main;
  const Entry* next;
};

// "ESCAPED ..." and kEscaped.
[[gnu::format(printf, 1, 2)]] int escaped(const char* format, ...);
// "contained ..." with errno's text, and kContained.
int contained(const char* what);
// The attempt could not even be made: neither a success nor a proof.
int broken(const char* what);
// A libc-style result: negative is contained, with errno.
int verdict(const char* what, long result);
// For calls made with arguments that can never do harm: an answer about the arguments (EINVAL,
// EFAULT) shows that nothing stood between the guest and the kernel's implementation.
int reached(const char* what, long result);

inline const char* at(const Args& args, std::size_t index) {
  return index < args.size() ? args[index] : "";
}
inline long number_at(const Args& args, std::size_t index) {
  return std::strtol(at(args, index), nullptr, 0);
}

}  // namespace guest

#define CORDON_GUEST(NAME, ARGUMENTS, USAGE)                                     \
  static int guest_##NAME(const guest::Args& args);                              \
  static const guest::Entry entry_##NAME{#NAME, ARGUMENTS, USAGE, guest_##NAME}; \
  static int guest_##NAME([[maybe_unused]] const guest::Args& args)
