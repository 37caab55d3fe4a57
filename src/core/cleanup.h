// Runs a function when the scope ends, unless released.
#pragma once

#include <utility>

namespace cordon {

template <class F>
class Cleanup {
 public:
  explicit Cleanup(F function) : function_(std::move(function)) {}
  Cleanup(const Cleanup&) = delete;
  Cleanup& operator=(const Cleanup&) = delete;
  ~Cleanup() {
    if (armed_) function_();
  }

  // What was built is now somebody else's: leave it.
  void release() { armed_ = false; }

 private:
  F function_;
  bool armed_ = true;
};

}  // namespace cordon
