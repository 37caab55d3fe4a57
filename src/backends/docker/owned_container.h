// A container of ours: removed, with everything that runs in it, when nobody needs it any more.
#pragma once

#include <atomic>
#include <chrono>
#include <string>

#include "engine/client.h"

namespace cordon::docker {

// Thread-safe.
class OwnedContainer {
 public:
  // How long an engine that was late already is waited for.
  static constexpr std::chrono::seconds kSoon{2};

  OwnedContainer(const engine::Client& client, std::string id)
      : client_(client), id_(std::move(id)) {}
  OwnedContainer(const OwnedContainer&) = delete;
  OwnedContainer& operator=(const OwnedContainer&) = delete;
  ~OwnedContainer() {
    // What cannot be removed now is removed by whoever comes next: its owner will be dead.
    if (kept_) return;
    (void)(hurried_ ? client_.until(engine::Clock::now() + kSoon) : client_).remove(id_);
  }

  // The engine is late already: nobody waits long for it to remove this.
  void hurry() { hurried_ = true; }
  // It outlives this object.
  void keep() { kept_ = true; }
  // It does not, after all.
  void give_up() { kept_ = false; }

  const engine::Client& client() const { return client_; }
  const std::string& id() const { return id_; }

 private:
  const engine::Client client_;
  const std::string id_;
  std::atomic<bool> kept_ = false;
  std::atomic<bool> hurried_ = false;
};

}  // namespace cordon::docker
