// One thread opens a path for writing again and again while another one changes its last letters
// between an innocent name and a protected one of the same length.
#include <fcntl.h>
#include <unistd.h>

#include <atomic>
#include <cstring>
#include <string>
#include <thread>

#include "guest.h"

CORDON_GUEST(race_name, 3, "INNOCENT PROTECTED TRIES") {
  const std::string innocent = args[0];
  const std::string wanted = args[1];
  if (innocent.size() != wanted.size()) return guest::kUsage;
  std::string shared = innocent;
  std::atomic<bool> done = false;
  std::thread flip([&] {
    volatile char* text = shared.data();
    while (!done.load(std::memory_order_relaxed)) {
      for (std::size_t i = 0; i < wanted.size(); ++i) text[i] = wanted[i];
      for (std::size_t i = 0; i < wanted.size(); ++i) text[i] = innocent[i];
    }
  });
  bool made = false;
  for (long i = 0; i < guest::number_at(args, 2) && !made; ++i) {
    const int fd = open(shared.c_str(), O_WRONLY | O_CREAT, 0644);
    if (fd >= 0) close(fd);
    made = access(wanted.c_str(), F_OK) == 0;
  }
  done = true;
  flip.join();
  errno = EPERM;
  return made ? guest::escaped("made %s", args[1]) : guest::contained(args[1]);
}
