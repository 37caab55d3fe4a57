#include "guest.h"

CORDON_GUEST(exit_with, 1, "CODE") { return static_cast<int>(guest::number_at(args, 0)); }
