// What a benchmark cannot do without.
#pragma once

#include <type_traits>
#include <utility>

#include "child.h"
#include "cordon/error.h"

namespace cordon::bench {

template <class T>
T need(Result<T> result) {
  if (!result) give_up(result.error().message());
  if constexpr (!std::is_void_v<T>) return *std::move(result);
}

}  // namespace cordon::bench
