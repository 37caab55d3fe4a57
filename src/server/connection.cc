#include "server/connection.h"

#include <array>
#include <boost/asio/dispatch.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <mutex>
#include <string>
#include <type_traits>
#include <utility>

#include "server/tls_context.h"

namespace cordon::server {

namespace {

namespace asio = boost::asio;
using Clock = std::chrono::steady_clock;
using Code = boost::system::error_code;
using TlsStream = asio::ssl::stream<StreamSocket>;

constexpr std::chrono::milliseconds kLinger{2000};

template <class Stream>
class StreamConnection final : public Connection,
                               public std::enable_shared_from_this<StreamConnection<Stream>> {
 public:
  static constexpr bool kTls = std::is_same_v<Stream, TlsStream>;

  StreamConnection(Stream stream, ConnectionSetup setup, std::shared_ptr<Tls> tls)
      : tls_(std::move(tls)),
        stream_(std::move(stream)),
        limits_(setup.limits),
        on_closed_(std::move(setup.on_closed)),
        session_(setup.service, limits_.parser, std::move(setup.peer)) {}

  void start() override {
    session_.set_host(this->weak_from_this());
    if constexpr (kTls) {
      shaking_hands_ = true;
      stream_.async_handshake(TlsStream::server, [self = self()](Code code) {
        const std::lock_guard lock(self->mutex_);
        self->shaking_hands_ = false;
        if (code) return self->close();
        self->flush();
      });
    } else {
      const std::lock_guard lock(mutex_);
      Code ignored;
      stream_.non_blocking(true, ignored);
      flush();
    }
  }

  void run(std::function<void(Session&)> task) override {
    asio::dispatch(stream_.get_executor(), [self = self(), task = std::move(task)] {
      const std::lock_guard lock(self->mutex_);
      // Also when it is closed: whoever asks to be told of that is told.
      task(self->session_);
      self->flush();
    });
  }

  void answer(std::uint64_t sequence, Response response) override {
    if constexpr (!kTls) {
      const std::lock_guard lock(mutex_);
      if (!closed_ && !writing_ && !lingering_ && session_.answers_at_once(sequence)) {
        session_.answer(sequence, response);
        return leave();
      }
    }
    Connection::answer(sequence, std::move(response));
  }

  void check_time(Clock::time_point now) override {
    const std::lock_guard lock(mutex_);
    if (moved_ || session_.phase() != phase_ || session_.served() != served_ ||
        session_.progress() != progress_) {
      moved_ = false;
      progress_ = session_.progress();
      phase_ = session_.phase();
      served_ = session_.served();
      since_ = now;
      return;
    }
    const auto waited = now - since_;
    if (lingering_) return waited > kLinger ? close() : void();
    if (shaking_hands_) return waited > limits_.head_time ? close() : void();
    if (writing_) return waited > limits_.write_time ? close() : void();
    if (phase_ == Phase::Streaming && waited > limits_.heartbeat) {
      session_.heartbeat();
      moved_ = true;
    } else if (((phase_ == Phase::Head || never_asked()) && waited > limits_.head_time) ||
               (phase_ == Phase::Body && waited > limits_.body_time) ||
               (phase_ == Phase::Idle && waited > limits_.idle_time)) {
      session_.time_is_up();
    }
    flush();
  }

  void stop() override {
    const std::lock_guard lock(mutex_);
    session_.stop();
    flush();
  }

  void abort() override {
    const std::lock_guard lock(mutex_);
    close();
  }

 private:
  // Who has asked nothing yet may be nobody: it does not get the time of one who is known.
  bool never_asked() const { return phase_ == Phase::Idle && served_ == 0; }

  std::shared_ptr<StreamConnection> self() { return this->shared_from_this(); }

  void flush() {
    if (closed_ || session_.busy() || shaking_hands_) return;
    if (!writing_ && session_.has_output()) send();
    if (closed_) return;
    if (!writing_ && session_.closing() && !lingering_) linger();
    if (!reading_ && (lingering_ || session_.wants_input())) read();
  }

  // Off the I/O thread: what does not leave at once, and whatever goes wrong, is left to that.
  void leave() {
    sending_ = session_.take_output();
    Code code;
    sent_ = stream_.write_some(asio::buffer(sending_), code);
    moved_ = true;
    if (!code && sent_ == sending_.size() && reading_) return;
    if (code) sent_ = 0;
    writing_ = true;
    asio::post(stream_.get_executor(), [self = self()] {
      const std::lock_guard lock(self->mutex_);
      if (self->closed_) return;
      self->sent_ < self->sending_.size() ? self->write() : self->written();
      self->flush();
    });
  }

  void send() {
    sending_ = session_.take_output();
    sent_ = 0;
    writing_ = true;
    if constexpr (!kTls) {
      // Nearly always the whole answer leaves at once, without a turn of the event loop.
      Code code;
      const std::size_t size = stream_.write_some(asio::buffer(sending_), code);
      if (code && code != asio::error::would_block) return close();
      if (!code) sent_ = size;
    }
    sent_ < sending_.size() ? write() : written();
  }

  void write() {
    stream_.async_write_some(asio::buffer(sending_.data() + sent_, sending_.size() - sent_),
                             [self = self()](Code code, std::size_t size) {
                               const std::lock_guard lock(self->mutex_);
                               if (self->closed_) return;
                               if (code) return self->close();
                               self->moved_ = true;
                               self->sent_ += size;
                               if (self->sent_ < self->sending_.size()) return self->write();
                               self->written();
                               self->flush();
                             });
  }

  void written() {
    writing_ = false;
    session_.sent();
    if (session_.has_output()) send();
  }

  void read() {
    reading_ = true;
    stream_.async_read_some(asio::buffer(bytes_), [self = self()](Code code, std::size_t size) {
      const std::lock_guard lock(self->mutex_);
      self->reading_ = false;
      if (self->closed_) return;
      if (code) return self->close();
      if (!self->lingering_) self->session_.receive({self->bytes_.data(), size});
      self->flush();
    });
  }

  // Closing while bytes are unread resets the connection, and the client may lose the answer that
  // says why: first the end of ours, then what still comes, for a moment.
  void linger() {
    lingering_ = true;
    moved_ = true;
    if constexpr (kTls) {
      stream_.async_shutdown([self = self()](Code) {
        const std::lock_guard lock(self->mutex_);
        self->close();
      });
      reading_ = true;
    } else {
      Code code;
      stream_.shutdown(StreamSocket::shutdown_send, code);
      if (code) close();
    }
  }

  void close() {
    if (std::exchange(closed_, true)) return;
    Code ignored;
    stream_.lowest_layer().close(ignored);
    session_.gone();
    on_closed_(this);
  }

  // Held by whoever does anything here: the I/O thread, or one that answers. Recursive: a request
  // may be answered, and an execution killed, while its bytes are looked at. Who is not the I/O
  // thread takes no other lock with it.
  std::recursive_mutex mutex_;
  std::shared_ptr<Tls> tls_;  // outlives the stream
  Stream stream_;
  const ServerLimits& limits_;
  std::function<void(Connection*)> on_closed_;
  Session session_;
  std::array<char, 8192> bytes_;
  std::string sending_;
  std::size_t sent_ = 0;
  bool reading_ = false;
  bool writing_ = false;
  bool lingering_ = false;
  bool shaking_hands_ = false;
  bool closed_ = false;
  // Since when nothing has happened.
  bool moved_ = true;
  Phase phase_ = Phase::Idle;
  std::uint64_t served_ = 0;
  std::uint64_t progress_ = 0;
  Clock::time_point since_;
};

}  // namespace

std::shared_ptr<Connection> make_connection(StreamSocket socket, ConnectionSetup setup) {
  return std::make_shared<StreamConnection<StreamSocket>>(std::move(socket), std::move(setup),
                                                          nullptr);
}

std::shared_ptr<Connection> make_tls_connection(StreamSocket socket, ConnectionSetup setup,
                                                std::shared_ptr<Tls> tls) {
  TlsStream stream(std::move(socket), tls->context);
  return std::make_shared<StreamConnection<TlsStream>>(std::move(stream), std::move(setup),
                                                       std::move(tls));
}

}  // namespace cordon::server
