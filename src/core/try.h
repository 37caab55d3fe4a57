// TRY(expression): the value of a Result, or return its error from the enclosing function.
//
//   const auto size = TRY(parse_size(text));
//   TRY(write_all(fd, bytes));  // Result<void>
//
// __extension__ is what tells -Wpedantic that the statement expression is meant.
#pragma once

#include <type_traits>
#include <utility>

#include "cordon/error.h"

namespace cordon::detail {

// By value: a statement expression must not yield a reference into its own scope.
template <class T>
T take(Result<T>& result) {
  if constexpr (!std::is_void_v<T>) return *std::move(result);
}

}  // namespace cordon::detail

#define CORDON_TRY_JOIN_(a, b) a##b
#define CORDON_TRY_JOIN(a, b) CORDON_TRY_JOIN_(a, b)
#define CORDON_TRY(result, ...)                                                 \
  __extension__({                                                               \
    auto result = (__VA_ARGS__);                                                \
    if (!result.has_value()) return std::unexpected(std::move(result).error()); \
    ::cordon::detail::take(result);                                             \
  })
// A name of its own for every use, so that TRY(f(TRY(g()))) shadows nothing.
#define TRY(...) CORDON_TRY(CORDON_TRY_JOIN(cordon_try_, __COUNTER__), __VA_ARGS__)
