// Bytes that are no text: stray continuation, overlong form, surrogate, cut sequence, NUL.
#include <unistd.h>

#include "guest.h"

CORDON_GUEST(invalid_utf8, 0, "") {
  static constexpr char kBytes[] =
      "a\x80"
      "b\xC0\xAF"
      "c\xED\xA0\x80"
      "d\0e\xE2\x82";
  return write(1, kBytes, sizeof kBytes - 1) == sizeof kBytes - 1 ? 0 : guest::kBroken;
}
