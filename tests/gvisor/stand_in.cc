// In the place of runsc, for tests of what Cordon does about KVM: the real runsc stands behind it
// in one file, and on --platform=kvm something happens that no host does on demand. The file ends
// with a word of eight bytes, what happens, and the eight bytes of where runsc begins.
#include <fcntl.h>
#include <linux/kvm.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>
#include <vector>

namespace {

struct Tail {
  char what[8];
  std::uint64_t begins;
};

[[noreturn]] void hang() {
  for (;;) ::pause();
}

// Processes that no longer descend from the one that Cordon started, and hang too.
void hang_with_children() {
  for (int i = 0; i < 5; ++i) {
    if (::fork() != 0) continue;
    ::setsid();
    if (::fork() == 0) hang();
    hang();
  }
  hang();
}

bool is_trial() {
  std::string text(1 << 20, '\0');
  const int file = ::open("/bundle/config.json", O_RDONLY);
  const ssize_t size = ::read(file, text.data(), text.size());
  ::close(file);
  text.resize(size > 0 ? static_cast<std::size_t>(size) : 0);
  return text.find("exit 42") != std::string::npos;
}

// As runsc does, before it starts gVisor's kernel.
bool has_device() {
  const int device = ::open("/dev/kvm", O_RDWR | O_CLOEXEC);
  return device >= 0 && ::ioctl(device, KVM_GET_API_VERSION, 0) == KVM_API_VERSION;
}

int become_runsc(int self, const Tail& tail, const std::vector<char*>& words) {
  struct stat status{};
  const int program = ::memfd_create("runsc", 0);
  if (program < 0 || ::fstat(self, &status) != 0) return 1;
  auto at = static_cast<off_t>(tail.begins);
  const auto end = status.st_size - static_cast<off_t>(sizeof tail);
  while (at < end) {
    if (::sendfile(program, self, &at, static_cast<std::size_t>(end - at)) <= 0) return 1;
  }
  ::fexecve(program, words.data(), environ);
  return 1;
}

}  // namespace

int main(int argc, char** argv) {
  const int self = ::open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
  Tail tail{};
  if (self < 0 || ::lseek(self, -static_cast<off_t>(sizeof tail), SEEK_END) < 0 ||
      ::read(self, &tail, sizeof tail) != sizeof tail) {
    return 1;
  }
  const std::string_view what(tail.what, ::strnlen(tail.what, sizeof tail.what));
  std::vector<char*> words(argv, argv + argc);
  words.push_back(nullptr);
  if (what == "die") {
    const int log = ::open("/state/log", O_WRONLY | O_APPEND);
    constexpr std::string_view kWords = R"({"msg":"no room at all","level":"error"})";
    return ::write(log, kWords.data(), kWords.size()) < 0 ? 1 : 128;
  }
  static char ptrace[] = "--platform=ptrace";
  for (char*& word : words) {
    if (word == nullptr || std::strcmp(word, "--platform=kvm") != 0) continue;
    if (what == "hang" || (what == "later" && !is_trial())) hang();
    if (what == "many") hang_with_children();
    if (what == "nothing") return 0;
    if (what == "fail" || !has_device()) return 1;
    word = ptrace;
  }
  return become_runsc(self, tail, words);
}
