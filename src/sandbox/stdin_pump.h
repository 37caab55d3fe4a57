// Feeds a command's stdin from bytes or from a descriptor, as fast as the command reads and no
// faster.
#pragma once

#include <array>
#include <memory>
#include <string_view>

#include "cordon/backend.h"
#include "sandbox/poll_set.h"

namespace cordon {

class StdinPump {
 public:
  // `data` first, then what `source_fd` gives until it ends; -1: nothing. Both must outlive the
  // pump.
  StdinPump(Process& process, std::string_view data, int source_fd);

  void add_to(PollSet& polls);
  void advance(const PollSet& polls);
  // End of file for the command, whatever is left.
  void close();

 private:
  void read_source();
  void write_pending();
  void end_of_input();
  bool in_background() const;

  Process& process_;
  int guest_fd_;
  int source_fd_;
  bool source_is_terminal_;
  bool closed_ = false;
  std::string_view pending_;
  bool ends_with_newline_ = true;
  std::array<char, 2> typed_end_{};
  std::unique_ptr<char[]> buffer_;
  PollSet::Slot guest_slot_ = PollSet::kNowhere;
  PollSet::Slot source_slot_ = PollSet::kNowhere;
};

}  // namespace cordon
