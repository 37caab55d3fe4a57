// In an instance where others live, too: two processes above the command, so that everything it
// started ends with it.
#pragma once

namespace cordon::inside {

// Returns only in the process that is to become the command. Its parent is the first process of the
// PID namespace that the caller has made; that one's parent, the caller, ends as the command did.
// When one of them is killed everything in the namespace is, and when the other end of `lifeline`,
// a pipe, is closed; -1: that of standard error, which the store has.
void stay_as_parent_of_init(int lifeline);

}  // namespace cordon::inside
