#include <signal.h>
#include <unistd.h>

#include "guest.h"

CORDON_GUEST(die_by_signal, 1, "SIGNAL") {
  const int number = static_cast<int>(guest::number_at(args, 0));
  signal(number, SIG_DFL);
  raise(number);
  return guest::kBroken;
}
