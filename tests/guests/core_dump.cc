// Dies with a core dump: a pipe in core_pattern would run a program on the host with its memory.
#include <signal.h>
#include <unistd.h>

#include <cstdlib>

#include "guest.h"

CORDON_GUEST(core_dump, 0, "") { std::abort(); }
