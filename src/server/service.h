// What stands behind the wire: a Service answers requests, at once or later, from any thread.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "server/body_sink.h"
#include "server/http_message.h"

namespace cordon::server {

class Session;

// A body whose end is not known when it begins. All calls and the destructor are on the I/O thread.
class StreamSource {
 public:
  struct Piece {
    std::string bytes;
    bool ended = false;
    bool broken = false;  // there is no more, and there should be: the connection shows it
  };
  virtual ~StreamSource() = default;
  // What there is now, without waiting: some tens of KiB at most. Called again when that is on its
  // way, so that a slow reader costs no memory.
  virtual Piece next() = 0;
};

// Runs a function on the session's I/O thread: at once when this is that thread. Thread-safe. Does
// nothing once the connection is gone.
class SessionHost {
 public:
  virtual ~SessionHost() = default;
  virtual void run(std::function<void(Session&)> task) = 0;
  // Answers the request. An answer that can leave at once does so on this thread: waking the I/O
  // thread for it would take longer than all else.
  virtual void answer(std::uint64_t sequence, Response response);
};

// The right to answer one request, once. A copy is another handle to the same right. Thread-safe.
class Reply {
 public:
  Reply(std::weak_ptr<SessionHost> host, std::uint64_t sequence)
      : host_(std::move(host)), sequence_(sequence) {}

  void answer(Response response) const;
  // Sends the head, then what `source` has, until it has ended.
  void stream(Response head, std::unique_ptr<StreamSource> source) const;
  // The source may have more, or the sink room.
  void wake() const;
  // Calls back when the client goes away before it was answered: on the I/O thread, or at once
  // on this one when it has gone already.
  void on_gone(std::function<void()> callback) const;

 private:
  void on_session(std::function<void(Session&)> task) const;

  std::weak_ptr<SessionHost> host_;
  std::uint64_t sequence_;
};

struct Admission {
  std::optional<Response> refused = {};
  // Where the body goes, if not into the request, and how long it may be; absent: as always.
  std::shared_ptr<BodySink> sink = {};
  std::optional<std::uint64_t> most_body_bytes = {};
};

class Service {
 public:
  virtual ~Service() = default;
  // Looks at the head alone, before any of the body is read: a stranger must not make the server
  // hold a body. `reply` is for waking the session: see BodySink.
  virtual Admission admit(const Request& request, const Peer& peer, const Reply& reply) = 0;
  // On the I/O thread; must not block.
  virtual void serve(Request request, const Peer& peer, Reply reply) = 0;
  // The answer to what is no request at all.
  virtual Response refuse(int status, std::string_view problem) = 0;
};

}  // namespace cordon::server
