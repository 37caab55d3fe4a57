// gVisor's kernel of a container, looked for while the engine starts it: it is there before the
// command is, and a short command has ended, and the kernel with it, before the engine says which
// process it was.
#pragma once

#include <atomic>
#include <string>
#include <thread>

namespace cordon::docker {

class KernelWatch {
 public:
  // `program`: the engine's runsc.
  KernelWatch(std::string container, std::string program);

  // Looks no more. Whether it was seen.
  bool stop();

 private:
  void look(const std::stop_token& stop);

  const std::string container_;
  const std::string program_;
  std::atomic<bool> seen_ = false;
  std::jthread thread_;
};

}  // namespace cordon::docker
