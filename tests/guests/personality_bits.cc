// READ_IMPLIES_EXEC makes every later mapping executable.
#include <sys/personality.h>

#include "guest.h"

CORDON_GUEST(personality_bits, 0, "") {
  return guest::verdict("personality", personality(READ_IMPLIES_EXEC));
}
