// One output stream of a command, from its pipe to where the route says, with bounded memory.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>

#include "cordon/error.h"
#include "sandbox/live_output.h"
#include "sandbox/output_capture.h"
#include "sandbox/poll_set.h"
#include "sandbox/supervise.h"

namespace cordon {

class OutputStream {
 public:
  // `guest_fd` is non-blocking; -1: there is no such stream. `route` must outlive the stream.
  OutputStream(std::string_view name, int guest_fd, const OutputRoute& route,
               std::optional<std::uint64_t> limit);

  void add_to(PollSet& polls);
  // Moves what can be moved without waiting. Errors: the reader of the live output is gone, or it
  // cannot be written; the stream goes on, without delivering.
  Result<void> advance(const PollSet& polls);

  // Call once no process of the sandbox can write any more: what is in the pipe now is all that is
  // owed.
  void command_ended();
  // Everything that was owed has been delivered; the end of file may still be missing.
  bool settled() const { return owed_ == 0 && pending_.empty(); }
  bool closed() const { return guest_fd_ < 0 && pending_.empty(); }
  // Gives up what has not been delivered.
  void abandon();

  bool limit_reached() const { return limit_reached_; }
  bool truncated() const;
  OutputCapture& capture() { return capture_; }

 private:
  Result<void> move();
  // Both return false when it is time to wait again.
  Result<bool> move_spliced(std::uint64_t& moved);
  Result<bool> move_copied(std::uint64_t& moved);
  Result<void> deliver(std::string_view bytes);
  Result<void> flush();
  std::unexpected<Error> delivery_failed(int error_number);
  bool splicing() const;
  std::uint64_t room() const;
  std::uint64_t available() const;  // in the pipe, now
  void account(std::uint64_t bytes);
  void end_of_file();

  std::string_view name_;
  int guest_fd_;
  const OutputRoute& route_;
  std::optional<std::uint64_t> limit_;
  std::optional<LiveOutput> live_;
  bool sink_open_;
  bool guest_is_pipe_ = false;
  bool enlarged_ = false;

  OutputCapture capture_;
  std::unique_ptr<char[]> buffer_;
  std::string_view pending_;     // read, not yet taken by `live_`
  bool waits_for_live_ = false;  // the pipe has bytes, `live_` has no room
  std::uint64_t passed_ = 0;     // bytes within the limit
  std::uint64_t owed_ = 0;
  bool limit_reached_ = false;
  bool lost_ = false;

  PollSet::Slot guest_slot_ = PollSet::kNowhere;
  PollSet::Slot live_slot_ = PollSet::kNowhere;
};

}  // namespace cordon
