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
    // kill(2) from outside of the container: who is inside it has a number, or no right to say that
    // it was kill(2) (rt_sigqueueinfo(2) lets nobody else say so).
    if (number == SIGTERM && info.si_code == SI_USER && info.si_pid == 0) return 0;
    while (::waitpid(-1, nullptr, WNOHANG | __WALL) > 0) {
    }
  }
}
