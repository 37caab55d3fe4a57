#include <fcntl.h>
#include <mqueue.h>

#include "guest.h"

CORDON_GUEST(posix_queue, 1, "/NAME") {
  return guest::verdict("mq_open", mq_open(args[0], O_RDONLY | O_NONBLOCK));
}
