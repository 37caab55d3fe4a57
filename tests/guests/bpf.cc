#include <linux/bpf.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "guest.h"

CORDON_GUEST(bpf, 0, "") {
  bpf_attr request{};
  request.map_type = BPF_MAP_TYPE_ARRAY;
  request.key_size = 4;
  request.value_size = 4;
  request.max_entries = 1;
  return guest::reached("bpf", syscall(SYS_bpf, BPF_MAP_CREATE, &request, sizeof request));
}
