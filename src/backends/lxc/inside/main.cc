// Runs inside an instance, as its root, before anything of the guest's: as the first process of one
// that is made for a command ("init"), and as what builds the walls around the command and becomes
// it ("run"); and as what makes files of the command's private directories ("keep"). The words are
// Cordon's; see lxc/inside_words.cc.
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <string_view>

#include "command.h"
#include "init.h"
#include "keep.h"
#include "report.h"

namespace {

using cordon::inside::Command;
using cordon::inside::fail;
using cordon::inside::FileStep;

class Words {
 public:
  explicit Words(char** words) : words_(words) {}
  const char* next() {
    if (*words_ == nullptr) fail("read its words", "one is missing", EINVAL);
    return *words_++;
  }
  char** rest() { return words_; }

 private:
  char** words_;
};

unsigned long number(const char* text) { return std::strtoul(text, nullptr, 10); }

bool read_file_step(std::string_view word, Words& words, Command& command) {
  FileStep step;
  if (word == "show-read-only") {
    step.kind = FileStep::Kind::ShowReadOnly;
  } else if (word == "show-writable") {
    step.kind = FileStep::Kind::ShowWritable;
  } else if (word == "scratch") {
    step.kind = FileStep::Kind::Scratch;
  } else if (word == "deny") {
    step.kind = FileStep::Kind::Deny;
  } else if (word == "hide") {
    step.kind = FileStep::Kind::Hide;
  } else {
    return false;
  }
  if (step.kind != FileStep::Kind::Deny && step.kind != FileStep::Kind::Hide) {
    step.source = words.next();
  }
  step.path = words.next();
  command.files.push_back(step);
  return true;
}

Command read_command(Words words) {
  Command command;
  for (;;) {
    const std::string_view word = words.next();
    if (word == "--") break;
    if (word == "uid") {
      command.uid = static_cast<uid_t>(number(words.next()));
    } else if (word == "gid") {
      command.gid = static_cast<gid_t>(number(words.next()));
    } else if (word == "hostname") {
      command.hostname = words.next();
    } else if (word == "directory") {
      command.directory = words.next();
    } else if (word == "largest-file") {
      command.largest_file = number(words.next());
    } else if (word == "filter") {
      command.filter = words.next();
    } else if (word == "keep") {
      command.variables.push_back(words.next());
    } else if (word == "shared-instance") {
      command.shared_instance = true;
    } else if (word == "own-network") {
      command.own_network = true;
    } else if (word == "restored") {
      command.restored = true;
    } else if (word == "resolver") {
      command.resolvers.push_back(words.next());
    } else if (word == "lifeline") {
      command.lifeline = static_cast<int>(number(words.next()));
    } else if (word == "environment") {
      command.environment = static_cast<int>(number(words.next()));
    } else if (!read_file_step(word, words, command)) {
      fail("read its words", word.data(), EINVAL);
    }
  }
  command.words = words.rest();
  // An unset one would be root's.
  if (command.uid == 0 || command.gid == 0 || *command.words == nullptr || *command.filter == 0) {
    fail("read its words", "user, filter or command is missing", EINVAL);
  }
  return command;
}

}  // namespace

int main(int argc, char** argv) {
  const std::string_view task = argc > 1 ? argv[1] : "";
  if (task == "init") cordon::inside::run_init();
  if (task == "keep" && argc > 2) cordon::inside::run_keep(number(argv[2]), argv + 3);
  if (task == "run") cordon::inside::run_command(read_command(Words(argv + 2)));
  fail("begin", "this program belongs to cordon", EINVAL);
}
