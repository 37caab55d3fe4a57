// Burns processor time on several threads for a stretch of wall time; says how much it got.
#include <pthread.h>
#include <sched.h>
#include <time.h>

#include <cstdio>

#include "guest.h"

namespace {

double now(clockid_t clock) {
  timespec time{};
  clock_gettime(clock, &time);
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) * 1e-9;
}

void* spin(void* argument) {
  const double end = now(CLOCK_MONOTONIC) + *static_cast<double*>(argument);
  while (now(CLOCK_MONOTONIC) < end) {
  }
  return nullptr;
}

}  // namespace

CORDON_GUEST(cpu_spin, 2, "MILLISECONDS THREADS") {
  double seconds = static_cast<double>(guest::number_at(args, 0)) / 1000;
  const long count = guest::number_at(args, 1);
  pthread_t threads[16];
  long started = 0;
  for (; started < count - 1 && started < 16; ++started) {
    if (pthread_create(&threads[started], nullptr, spin, &seconds) != 0) break;
  }
  spin(&seconds);
  for (long i = 0; i < started; ++i) pthread_join(threads[i], nullptr);
  std::printf("cpu %.3f\n", now(CLOCK_PROCESS_CPUTIME_ID));
  return 0;
}
