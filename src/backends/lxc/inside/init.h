// PID 1 of an instance that is made for one command.
#pragma once

namespace cordon::inside {

// Waits for a command to make itself known (see announce_command()), then for its end, or until
// nobody can read its standard error any more: the store, which did, is gone; then kills
// whatever is left and stays a while, so that Cordon can look at the instance's counters, before it
// ends and the instance with it. Ends also when no command comes in time: its owner is dead.
[[noreturn]] void run_init();

// Called by the process that is to become the command, while it is root and has the streams that
// the store gave it. Returns when they are watched.
void announce_command();

// The loopback interface of a new network namespace is down.
void raise_loopback();

}  // namespace cordon::inside
