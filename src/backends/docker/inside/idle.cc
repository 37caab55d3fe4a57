// The first process of a container that stays, where nothing of the image's may run before the
// container has been looked at: it reaps, and does nothing else. Commands are started beside it.
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>

int main() {
  ::prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
  sigset_t waited;
  ::sigemptyset(&waited);
  ::sigaddset(&waited, SIGCHLD);
  ::sigaddset(&waited, SIGTERM);
  ::sigprocmask(SIG_BLOCK, &waited, nullptr);
  for (;;) {
    siginfo_t info{};
    const int number = ::sigwaitinfo(&waited, &info);
    // From outside of the container; what is inside it has a number.
    if (number == SIGTERM && info.si_pid == 0) return 0;
    while (::waitpid(-1, nullptr, WNOHANG | __WALL) > 0) {
    }
  }
}
