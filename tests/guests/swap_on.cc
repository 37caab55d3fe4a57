#include <sys/swap.h>

#include "guest.h"

CORDON_GUEST(swap_on, 0, "") { return guest::reached("swapon", swapon("/nonexistent", 0)); }
