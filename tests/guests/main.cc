#include <sys/wait.h>
#include <unistd.h>

#include <cstdarg>
#include <cstdio>
#include <cstring>

#include "guest.h"

namespace guest {
namespace {
const Entry* head = nullptr;
}  // namespace

Entry::Entry(const char* entry_name, std::size_t count, const char* text, Main entry)
    : name(entry_name), arguments(count), usage(text), main(entry), next(head) {
  head = this;
}

const Entry* Entry::first() { return head; }

int escaped(const char* format, ...) {
  std::printf("ESCAPED ");
  va_list list;
  va_start(list, format);
  std::vprintf(format, list);
  va_end(list);
  std::printf("\n");
  std::fflush(stdout);
  return kEscaped;
}

int contained(const char* what) {
  std::printf("contained %s: %s\n", what, std::strerror(errno));
  std::fflush(stdout);
  return kContained;
}

int broken(const char* what) {
  std::printf("broken %s: %s\n", what, std::strerror(errno));
  std::fflush(stdout);
  return kBroken;
}

int verdict(const char* what, long result) {
  return result >= 0 ? escaped("%s", what) : contained(what);
}

int reached(const char* what, long result) {
  if (result >= 0) return escaped("%s", what);
  if (errno == EPERM || errno == EACCES || errno == ENOSYS) return contained(what);
  return escaped("%s: the kernel judged the arguments (%s)", what, std::strerror(errno));
}

}  // namespace guest

int main(int argc, char** argv) {
  if (argc >= 2) {
    for (const guest::Entry* entry = guest::Entry::first(); entry; entry = entry->next) {
      if (std::strcmp(entry->name, argv[1]) != 0) continue;
      const guest::Args args(argv + 2, static_cast<std::size_t>(argc - 2));
      if (args.size() >= entry->arguments) return entry->main(args);
      std::fprintf(stderr, "usage: guest %s %s\n", entry->name, entry->usage);
      return guest::kUsage;
    }
  }
  std::fprintf(stderr, "usage: guest NAME ARGS, one of:\n");
  for (const guest::Entry* entry = guest::Entry::first(); entry; entry = entry->next) {
    std::fprintf(stderr, "  %s %s\n", entry->name, entry->usage);
  }
  return guest::kUsage;
}
