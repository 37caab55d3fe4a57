#include "lxc/exec_streams.h"

#include <fmt/format.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/dynamic_body.hpp>
#include <boost/beast/http/empty_body.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/string_body.hpp>
#include <boost/beast/http/write.hpp>
#include <boost/beast/websocket/stream.hpp>
#include <future>
#include <optional>
#include <system_error>
#include <thread>

#include "core/blocked_signals.h"
#include "core/try.h"
#include "lxc/json.h"
#include "lxc/ready_line.h"

namespace cordon::lxc {

namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;
namespace websocket = beast::websocket;
using Local = asio::local::stream_protocol;
using Socket = websocket::stream<Local::socket>;
using Pipe = asio::posix::stream_descriptor;
using Failure = boost::system::error_code;
using namespace std::chrono_literals;

constexpr auto kTuple = asio::as_tuple(asio::use_awaitable);
constexpr std::size_t kPiece = 64 << 10;
// How long the end of the streams may come after the end of the command.
constexpr auto kStreamGrace = 5s;
// How long a store may take to end a command that it was told to kill.
constexpr auto kEndGrace = 15s;

Error store_gone(std::string detail) {
  return {.code = ErrorCode::Unavailable,
          .operation = "wait for the command's end",
          .subject = {},
          .sys_errno = 0,
          .detail = std::move(detail),
          .remedy = "the next run with this store removes what is left of it"};
}

}  // namespace

class ExecStreams::Bridge {
 public:
  Bridge(std::string socket, ExecHandle handle, BridgeEnds ends)
      : place_(std::move(socket)),
        handle_(std::move(handle)),
        terminal_(!ends.err.valid()),
        in_(context_),
        out_(context_),
        err_(context_),
        grace_(context_),
        control_(context_),
        ended_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
    if (ends.in.valid()) in_.assign(ends.in.release());
    if (ends.out.valid()) out_.assign(ends.out.release());
    if (ends.err.valid()) err_.assign(ends.err.release());
  }

  ~Bridge() {
    context_.stop();
    if (thread_.joinable()) thread_.join();
  }

  Result<void> run() {
    if (!ended_.valid()) return std::unexpected(system_error("join the streams: eventfd"));
    asio::co_spawn(context_, talk(), asio::detached);
    const BlockedSignals blocked;
    try {
      thread_ = std::thread([this] {
        try {
          context_.run();
        } catch (const std::exception& error) {
          announce(std::unexpected(store_gone(error.what())));
        }
      });
    } catch (const std::system_error& error) {
      return std::unexpected(
          system_error("start a thread for the streams", {}, error.code().value()));
    }
    return {};
  }

  std::future<Result<void>> ready() { return ready_.get_future(); }
  int exit_fd() const { return ended_.get(); }
  bool ended() const { return announced_; }
  Result<int> exit_code() const {
    if (announced_) return *outcome_;
    return std::unexpected(store_gone("it has not ended"));
  }

  void tell(std::string message) {
    asio::post(context_, [this, message = std::move(message)]() mutable {
      to_tell_.push_back(std::move(message));
      if (connected_ && !telling_) asio::co_spawn(context_, tell_all(), asio::detached);
    });
  }

  void expect_end() {
    asio::post(context_, [this] {
      if (ending_) return;
      ending_ = true;
      // A store that cannot get rid of the output does not end the command.
      Failure ignored;
      (void)out_.cancel(ignored);
      (void)err_.cancel(ignored);
      watch_clock(kEndGrace, "the store was told to kill it, and did not");
    });
  }

 private:
  asio::awaitable<bool> open(Socket& socket, const std::string& secret) {
    Failure failure;
    (void)socket.next_layer().connect(Local::endpoint(place_), failure);
    if (failure) co_return false;
    socket.binary(true);
    const std::string target = fmt::format("{}/websocket?secret={}", handle_.operation, secret);
    const auto [shaken] = co_await socket.async_handshake("lxd", target, kTuple);
    co_return !shaken;
  }

  // Beast's streams outlive what reads and writes them: they belong to the bridge.
  asio::awaitable<void> talk() {
    const bool opened =
        co_await open(control_, handle_.control) && co_await open(first_, handle_.input) &&
        (terminal_ ||
         (co_await open(second_, handle_.output) && co_await open(third_, handle_.errors)));
    if (!opened) {
      decide(std::unexpected(store_gone("its streams cannot be opened")));
      announce(std::unexpected(store_gone("its streams cannot be opened")));
      co_return;
    }
    connected_ = true;
    asio::co_spawn(context_, read_control(), asio::detached);
    asio::co_spawn(context_, move_input(), asio::detached);
    streams_ = terminal_ ? 1 : 2;
    asio::co_spawn(context_, move_output(terminal_ ? first_ : second_, out_, terminal_),
                   asio::detached);
    if (!terminal_) asio::co_spawn(context_, move_output(third_, err_, true), asio::detached);
    asio::co_spawn(context_, await_end(), asio::detached);
    co_await tell_all();
  }

  asio::awaitable<void> tell_all() {
    telling_ = true;
    control_.text(true);
    while (!to_tell_.empty()) {
      const std::string message = std::move(to_tell_.front());
      to_tell_.erase(to_tell_.begin());
      const auto [failure, size] = co_await control_.async_write(asio::buffer(message), kTuple);
      if (failure) break;
    }
    telling_ = false;
  }

  // Nothing is said there; reading answers pings.
  asio::awaitable<void> read_control() {
    beast::flat_buffer buffer;
    for (;;) {
      const auto [failure, size] = co_await control_.async_read(buffer, kTuple);
      if (failure) co_return;
      buffer.clear();
    }
  }

  asio::awaitable<void> move_input() {
    std::array<char, kPiece> piece{};
    while (in_.is_open()) {
      const auto [unread, size] = co_await in_.async_read_some(asio::buffer(piece), kTuple);
      if (unread) break;
      const auto [unsent, sent] =
          co_await first_.async_write(asio::buffer(piece.data(), size), kTuple);
      if (unsent) co_return;
    }
    // A store takes a message of text for the end of the stream.
    if (terminal_) co_return;
    first_.text(true);
    co_await first_.async_write(asio::buffer("", 0), kTuple);
    beast::flat_buffer rest;
    co_await first_.async_read(rest, kTuple);
  }

  asio::awaitable<void> move_output(Socket& from, Pipe& to, bool begins_with_line) {
    beast::flat_buffer buffer;
    for (;;) {
      const auto [unread, size] = co_await from.async_read_some(buffer, kPiece, kTuple);
      if (unread || from.got_text()) break;
      const auto data = buffer.data();
      std::string_view bytes(static_cast<const char*>(data.data()), data.size());
      if (begins_with_line && !line_.decided()) {
        bytes = line_.feed(bytes);
        if (line_.decided()) decide(line_.outcome());
      }
      co_await write(to, bytes);
      buffer.clear();
    }
    if (begins_with_line) {
      line_.end();
      decide(line_.outcome());
    }
    --streams_;
    settle();
    // With a terminal the store waits for the other side to go.
    if (terminal_) co_await from.async_close(websocket::close_code::normal, kTuple);
  }

  // What nobody reads, or what a command says that is being killed, is dropped.
  asio::awaitable<void> write(Pipe& to, std::string_view bytes) {
    while (!bytes.empty() && to.is_open()) {
      if (ending_) {
        Failure full;
        (void)to.non_blocking(true, full);
        bytes.remove_prefix(to.write_some(asio::buffer(bytes.data(), bytes.size()), full));
        if (full) (void)to.close(full);
        continue;
      }
      const auto [failure, size] =
          co_await to.async_write_some(asio::buffer(bytes.data(), bytes.size()), kTuple);
      bytes.remove_prefix(size);
      if (!failure) continue;
      Failure ignored;
      (void)to.close(ignored);
    }
  }

  asio::awaitable<void> await_end() {
    http::request<http::empty_body> request{http::verb::get, handle_.operation + "/wait?timeout=-1",
                                            11};
    request.set(http::field::host, "lxd");
    Local::socket socket(context_);
    Failure failure;
    (void)socket.connect(Local::endpoint(place_), failure);
    http::response<http::string_body> answer;
    if (!failure) {
      std::tie(failure, std::ignore) = co_await http::async_write(socket, request, kTuple);
    }
    beast::flat_buffer buffer(kPiece);  // so much of what frames the answer, and no more
    if (!failure) {
      std::tie(failure, std::ignore) = co_await http::async_read(socket, buffer, answer, kTuple);
    }
    exit_ = failure ? Result<int>(std::unexpected(store_gone("it does not answer any more")))
                    : read_exit(answer.body());
    watch_clock(kStreamGrace, "");
    settle();
  }

  static Result<int> read_exit(const std::string& body) {
    const auto answer = TRY(json::parse_object(body, "the command's end"));
    const auto& operation = json::object(answer, "metadata");
    const auto& metadata = json::object(operation, "metadata");
    if (metadata.contains("return")) return static_cast<int>(json::number(metadata, "return"));
    const std::string said = json::text(operation, "err");
    return std::unexpected(store_gone(said.empty() ? "it names no exit code" : said));
  }

  void watch_clock(std::chrono::steady_clock::duration time, std::string words) {
    grace_.expires_after(time);
    grace_.async_wait([this, words = std::move(words)](Failure failure) {
      if (failure || announced_) return;
      const bool unread = !ending_ && streams_ > 0 && words.empty();
      // While somebody is still to read, the command's output is waited for.
      if (unread) return watch_clock(kStreamGrace, "");
      announce(exit_ ? *exit_ : Result<int>(std::unexpected(store_gone(words))));
    });
  }

  void settle() {
    if (exit_ && streams_ == 0) announce(*exit_);
  }

  void decide(Result<void> outcome) {
    if (decided_) return;
    decided_ = true;
    ready_.set_value(std::move(outcome));
  }

  void announce(Result<int> outcome) {
    if (announced_) return;
    outcome_ = std::move(outcome);
    announced_ = true;
    Failure ignored;
    (void)out_.close(ignored);
    (void)err_.close(ignored);
    const std::uint64_t one = 1;
    [[maybe_unused]] const ssize_t size = ::write(ended_.get(), &one, sizeof one);
  }

  asio::io_context context_{1};
  const std::string place_;
  const ExecHandle handle_;
  const bool terminal_;
  Pipe in_;
  Pipe out_;
  Pipe err_;
  asio::steady_timer grace_;
  Socket control_;
  Socket first_{context_};  // input; with a terminal output as well
  Socket second_{context_};
  Socket third_{context_};
  ReadyLine line_;
  std::promise<Result<void>> ready_;
  std::vector<std::string> to_tell_;
  bool connected_ = false;
  bool telling_ = false;
  bool decided_ = false;
  bool ending_ = false;
  int streams_ = 0;
  std::optional<Result<int>> exit_;  // as the store says
  std::optional<Result<int>> outcome_;
  std::atomic<bool> announced_ = false;
  UniqueFd ended_;
  std::thread thread_;  // last: it uses all of the above
};

ExecStreams::ExecStreams(std::unique_ptr<Bridge> bridge) : bridge_(std::move(bridge)) {}
ExecStreams::~ExecStreams() = default;

Result<std::unique_ptr<ExecStreams>> ExecStreams::start(const std::string& socket,
                                                        ExecHandle handle, BridgeEnds ends) {
  auto bridge = std::make_unique<Bridge>(socket, std::move(handle), std::move(ends));
  TRY(bridge->run());
  return std::unique_ptr<ExecStreams>(new ExecStreams(std::move(bridge)));
}

Result<void> ExecStreams::await_ready(std::chrono::milliseconds patience) {
  auto ready = bridge_->ready();
  if (ready.wait_for(patience) == std::future_status::ready) return ready.get();
  return std::unexpected(store_gone("the instance does not run what it was told to in time"));
}

int ExecStreams::exit_fd() const { return bridge_->exit_fd(); }
bool ExecStreams::ended() const { return bridge_->ended(); }
Result<int> ExecStreams::exit_code() const { return bridge_->exit_code(); }

void ExecStreams::signal(int number) {
  bridge_->tell(fmt::format(R"({{"command":"signal","signal":{}}})", number));
}

void ExecStreams::resize(TerminalSize size) {
  bridge_->tell(
      fmt::format(R"({{"command":"window-resize","args":{{"width":"{}","height":"{}"}}}})",
                  size.columns, size.rows));
}

void ExecStreams::expect_end() { bridge_->expect_end(); }

}  // namespace cordon::lxc
