// The conversation on one connection: bytes in, bytes out, no sockets. Keep-alive and pipelining:
// one request is served at a time, in order.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "server/http_message.h"
#include "server/request_parser.h"
#include "server/service.h"

namespace cordon::server {

// What the connection waits for: each has a time limit of its own.
enum class Phase {
  Idle,       // the next request
  Head,       // the rest of a head
  Body,       // the rest of a body
  Serving,    // an answer of ours
  Streaming,  // a stream of ours
  Closing,    // what is in output() to leave
};

class Session {
 public:
  Session(Service& service, const ParserLimits& limits, Peer peer);

  // Before the first call of receive().
  void set_host(std::weak_ptr<SessionHost> host) { host_ = std::move(host); }

  void receive(std::string_view bytes);
  // Bytes to send; empties it.
  std::string take_output() { return std::exchange(output_, {}); }
  bool has_output() const { return !output_.empty(); }
  // Whether receive() wants more. Not while a client sends far ahead of what is answered.
  // Nor while the body's sink has no room.
  bool wants_input() const;
  bool closing() const { return phase_ == Phase::Closing; }
  Phase phase() const { return phase_; }
  std::uint64_t served() const { return sequence_; }
  // Grows while a body comes, once a MiB: whoever sends a long one has the time for each.
  std::uint64_t progress() const;
  // While receive() runs: what it makes is sent together.
  bool busy() const { return busy_; }

  // What was in the output is on its way: a stream goes on.
  void sent();
  // A stream has been silent.
  void heartbeat();
  // The time of this phase is over.
  void time_is_up();
  // Answers what is under way, begins nothing more.
  void stop();
  // The client is gone.
  void gone();

  // Whether the answer is all that there is to do: nothing waits before it or behind it.
  bool answers_at_once(std::uint64_t sequence) const;

  // For Reply.
  void answer(std::uint64_t sequence, const Response& response);
  void stream(std::uint64_t sequence, const Response& head, std::unique_ptr<StreamSource> source);
  void wake(std::uint64_t sequence);
  void on_gone(std::uint64_t sequence, std::function<void()> callback);

 private:
  void process();
  bool step();
  void begin();
  void refuse(const Response& response);
  bool admit();
  bool sink_is_full() const;
  void pump();
  void write_head(const Response& response, bool chunked);
  void end_of_answer();

  Service& service_;
  ParserLimits limits_;
  Peer peer_;
  std::weak_ptr<SessionHost> host_;
  Phase phase_ = Phase::Idle;
  std::string input_;
  std::string output_;
  std::optional<RequestParser> parser_;
  bool admitted_ = false;
  bool busy_ = false;
  bool stopping_ = false;
  bool gone_ = false;
  // Of the request that is being answered.
  std::uint64_t sequence_ = 0;
  bool keep_alive_ = false;
  bool http_1_1_ = true;
  bool head_only_ = false;
  bool chunked_ = false;
  std::unique_ptr<StreamSource> source_;
  std::function<void()> on_gone_;
};

}  // namespace cordon::server
