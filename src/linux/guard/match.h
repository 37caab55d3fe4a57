// Whether a name fits a component of a rule.
#pragma once

#include "linux/guard/table.h"

namespace cordon::guard {

// ASCII letters of either case are always the same: on a file system that folds case they are, and
// elsewhere nobody misses a second .Git beside .git.
enum class Folding {
  Ascii,
  // Where the directory folds case by Unicode's rules (ext4, f2fs, tmpfs: NFDICF), a character
  // beyond ASCII may stand for ASCII letters ("\uFB01" for "fi", "\u017F" for "s") or for nothing
  // (a joiner, a variation selector).
  Unicode,
};

bool fits(const Table& table, const Component& component, Text name, Folding folding);

}  // namespace cordon::guard
