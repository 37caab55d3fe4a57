// Runs a piece of a test in a process of its own: for what cannot be undone.
#pragma once

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <functional>

namespace cordon::testing {

// What `code` returns, 0 to 255; 1000 + signal when one ended it. A failed expectation of the child
// shows in its output only, so children return what is to be judged.
inline int in_child(const std::function<int()>& code) {
  std::fflush(nullptr);
  const pid_t child = ::fork();
  if (child == 0) {
    ::alarm(60);
    const int result = code();
    std::fflush(nullptr);
    ::_exit(result);
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : 1000 + WTERMSIG(status);
}

}  // namespace cordon::testing
