// The only way to skip a test: with a reason. With CORDON_NO_SKIP=1 a reason that is not listed in
// tests/allowed_skips.txt fails the test, so that no evidence goes missing unnoticed.
#pragma once

#include <gtest/gtest.h>

#include <string>
#include <string_view>

namespace cordon::test {

// A listed reason is a prefix: what follows it may be a detail of the host.
bool skip_is_allowed(std::string_view reason);

}  // namespace cordon::test

#define CORDON_SKIP(REASON)                                                         \
  do {                                                                              \
    const std::string cordon_skip_reason{REASON};                                   \
    if (!::cordon::test::skip_is_allowed(cordon_skip_reason)) {                     \
      FAIL() << "skipped for a reason that tests/allowed_skips.txt does not list: " \
             << cordon_skip_reason;                                                 \
    }                                                                               \
    GTEST_SKIP() << cordon_skip_reason;                                             \
  } while (false)
