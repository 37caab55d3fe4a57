// SHA-256, piece by piece.
#pragma once

#include <memory>
#include <string>
#include <string_view>

namespace cordon::devenv {

class Sha256 {
 public:
  Sha256();
  Sha256(Sha256&&) noexcept;
  Sha256& operator=(Sha256&&) noexcept;
  ~Sha256();

  void add(std::string_view bytes);
  // With its length before it, so that no two lists of fields run together to the same bytes.
  void add_field(std::string_view bytes);
  // 64 hexadecimal digits. Once.
  std::string hex();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

std::string sha256(std::string_view bytes);

}  // namespace cordon::devenv
