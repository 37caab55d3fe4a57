// A network namespace whose only interface is its own loopback.
#pragma once

#include <array>
#include <string>

#include "core/unique_fd.h"

namespace cordon::native {

// Movable. One thread at a time.
class Network {
 public:
  Network() = default;  // none

  // None where this process may not: an ordinary user's sandboxes make theirs, inside their user
  // namespaces.
  static Network make();

  int fd() const { return fd_.get(); }
  bool valid() const { return fd_.valid(); }

  // Whether the namespace is as it was made: no packet was ever sent, no protocol counter moved, no
  // socket is left. Then nothing of whoever was inside can be found by who comes next. Call when
  // every process inside is gone.
  bool untouched() const;

 private:
  static constexpr std::size_t kFiles = 3;
  static Network look_around();
  std::array<std::string, kFiles> read_state() const;

  UniqueFd fd_;
  std::array<UniqueFd, kFiles> files_;  // of /proc/net, bound to this namespace
  std::array<std::string, kFiles> initial_;
};

}  // namespace cordon::native
