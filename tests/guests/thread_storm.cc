#include <pthread.h>
#include <unistd.h>

#include <cstdio>

#include "guest.h"

namespace {
void* idle(void*) {
  for (;;) pause();
}
}  // namespace

CORDON_GUEST(thread_storm, 1, "COUNT") {
  const long wanted = guest::number_at(args, 0);
  pthread_attr_t attributes;
  pthread_attr_init(&attributes);
  pthread_attr_setstacksize(&attributes, 64 * 1024);
  long made = 0;
  for (; made < wanted; ++made) {
    pthread_t thread;
    if (const int error = pthread_create(&thread, &attributes, idle, nullptr)) {
      std::printf("started %ld of %ld\n", made, wanted);
      errno = error;
      return guest::contained("pthread_create");
    }
  }
  return guest::escaped("no limit stopped %ld threads", made);
}
