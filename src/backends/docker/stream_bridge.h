// Between a container's streams, which come and go in one connection to the engine, and the pipes
// that a Process shows. A thread of its own moves the bytes.
#pragma once

#include <atomic>
#include <memory>
#include <optional>
#include <thread>

#include "cordon/error.h"
#include "core/unique_fd.h"
#include "docker/first_process.h"
#include "docker/usage_watch.h"
#include "engine/client.h"
#include "engine/frames.h"
#include "sandbox/bridged_streams.h"

namespace cordon::docker {

// What is to be heard of a container besides its streams.
struct Watched {
  std::shared_ptr<UsageWatch> usage;
  std::shared_ptr<FirstProcess> first;  // may be null
};

// At most one piece of output (64 KiB) and one of input are held in memory: whoever does not read
// stops the command. Thread-safe.
class StreamBridge {
 public:
  static Result<std::unique_ptr<StreamBridge>> start(engine::Attached attached,
                                                     engine::Waiting waiting, BridgeEnds ends,
                                                     Watched watched);
  StreamBridge(const StreamBridge&) = delete;
  StreamBridge& operator=(const StreamBridge&) = delete;
  ~StreamBridge();

  // Readable once the container has ended and all of its output is in the pipes, or once nothing
  // more is to be expected of the engine.
  int exit_fd() const { return ended_.get(); }
  // Valid when exit_fd() is readable. Errors: the engine went away, or did not end the container
  // in time.
  Result<engine::Waited> outcome() const;
  // The container is being killed: output that nobody reads is not waited for, and the end not for
  // ever.
  void expect_end();

 private:
  struct Pipe {
    UniqueFd fd;
    std::string pending;
  };
  StreamBridge(engine::Attached attached, engine::Waiting waiting, BridgeEnds ends,
               Watched watched);

  void run();
  bool turn();
  void take_output();
  void take_bytes(std::string_view bytes);
  void take_exit();
  void move_input(bool readable);
  static void write_out(Pipe& pipe);
  void stream_ended();
  void announce(Result<engine::Waited> outcome);
  bool output_delivered() const;
  void check_clock();

  engine::Attached attached_;
  engine::Waiting waiting_;
  Watched watched_;
  bool usage_final_ = false;
  engine::FrameReader frames_;
  UniqueFd in_;
  std::string input_;  // read, not sent yet
  Pipe out_;
  Pipe err_;
  bool framed_ = true;
  bool dropping_ = false;
  UniqueFd ended_;
  UniqueFd wake_;
  std::atomic<bool> stop_ = false;
  std::atomic<bool> ending_ = false;
  std::optional<engine::Clock::time_point> exit_seen_;
  std::optional<engine::Clock::time_point> end_expected_;
  std::optional<Result<engine::Waited>> exit_;  // as the engine says
  std::optional<Result<engine::Waited>> outcome_;
  std::atomic<bool> announced_ = false;
  std::thread thread_;  // last: it uses all of the above
};

}  // namespace cordon::docker
