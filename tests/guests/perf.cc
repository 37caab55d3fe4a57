#include <linux/perf_event.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "guest.h"

CORDON_GUEST(perf, 0, "") {
  perf_event_attr request{};
  request.type = PERF_TYPE_SOFTWARE;
  request.size = sizeof request;
  request.config = PERF_COUNT_SW_TASK_CLOCK;
  request.exclude_kernel = 1;
  return guest::reached("perf_event_open", syscall(SYS_perf_event_open, &request, 0, -1, -1, 0));
}
