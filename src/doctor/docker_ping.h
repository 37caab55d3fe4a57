// Asks a Docker daemon, or Podman's service, whether it is there: GET /_ping on its socket.
#pragma once

#include <chrono>
#include <string>

namespace cordon::doctor {

struct DockerPing {
  enum class Outcome { Answered, Denied, TimedOut, Failed };
  Outcome outcome = Outcome::Failed;
  std::string detail;  // answered: " (API 1.47)", " (Podman 4.3.1, API 1.41)" or nothing; else why
};

// Never takes longer than `limit`, whatever is at the other end.
DockerPing ping_docker(const std::string& socket_path, std::chrono::milliseconds limit);

}  // namespace cordon::doctor
