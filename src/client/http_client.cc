#include "client/http_client.h"

#include <sys/un.h>

#include <array>
#include <boost/asio/io_context.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/buffer_body.hpp>
#include <boost/beast/http/empty_body.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/write.hpp>
#include <boost/system/system_error.hpp>
#include <exception>
#include <optional>
#include <utility>

#include "core/try.h"

namespace cordon::client {

namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;
using Socket = asio::local::stream_protocol::socket;
using Code = boost::system::error_code;

constexpr std::uint64_t kMostBytes = 64 << 20;
// Of what the parser cannot use yet: it waits for the end of a chunk's line however long that is.
constexpr std::size_t kMostUnread = 64 << 10;

std::unexpected<Error> failed(const std::string& socket, const Code& code) {
  Error error = system_error("ask the daemon at", socket, code.value());
  if (code == http::error::end_of_stream || code == http::error::partial_message ||
      code == asio::error::eof) {
    error = {.code = ErrorCode::Unavailable,
             .operation = "ask the daemon at",
             .subject = socket,
             .sys_errno = 0,
             .detail = "it ended the connection",
             .remedy = {}};
  } else if (code.category() != boost::system::system_category()) {
    error.sys_errno = 0;
    error.code = ErrorCode::Internal;
    error.detail = "what comes back is no answer of cordon's: " + code.message();
  }
  return std::unexpected(std::move(error));
}

std::unexpected<Error> unreachable(const std::string& socket, const Code& code) {
  if (code != boost::system::errc::permission_denied) {
    Error error = system_error("reach a daemon at", socket, code.value());
    error.code = ErrorCode::NotFound;
    error.remedy = "cordon serve starts one";
    return std::unexpected(std::move(error));
  }
  Error error = system_error("reach the daemon at", socket, code.value());
  error.remedy = "whoever started it lets others in with --socket-group or --allow-uid";
  return std::unexpected(std::move(error));
}

class Connection {
 public:
  explicit Connection(const std::string& path) : path_(path), socket_(context_) {}

  Result<void> open() {
    if (path_.size() >= sizeof(sockaddr_un{}.sun_path)) {
      return std::unexpected(invalid_argument("reach a daemon at", path_,
                                              "the path of a socket has at most 107 bytes"));
    }
    try {
      socket_.connect(path_);
    } catch (const boost::system::system_error& problem) {
      return unreachable(path_, problem.code());
    }
    return {};
  }

  Result<void> send(std::string_view method, std::string_view target) {
    http::request<http::empty_body> request;
    request.method_string({method.data(), method.size()});
    request.target({target.data(), target.size()});
    request.set(http::field::host, "localhost");
    request.set(http::field::connection, "close");
    Code code;
    http::write(socket_, request, code);
    if (code) return failed(path_, code);
    return {};
  }

  Result<unsigned> read_head() {
    parser_.body_limit(boost::none);
    Code code;
    http::read_header(socket_, buffer_, parser_, code);
    if (code) return failed(path_, code);
    return parser_.get().result_int();
  }

  // The next bytes of the body; none when that has ended.
  Result<std::string_view> read_some() {
    while (!parser_.is_done()) {
      auto& body = parser_.get().body();
      body.data = piece_.data();
      body.size = piece_.size();
      body.more = true;
      Code code;
      http::read_some(socket_, buffer_, parser_, code);
      if (code && code != http::error::need_buffer) return failed(path_, code);
      const std::size_t size = piece_.size() - body.size;
      if (size > 0) return std::string_view(piece_.data(), size);
    }
    return std::string_view();
  }

 private:
  const std::string path_;
  asio::io_context context_;
  Socket socket_;
  beast::flat_buffer buffer_{kMostUnread};
  http::response_parser<http::buffer_body> parser_;
  std::array<char, 1 << 16> piece_{};
};

// Boost throws where no descriptors or memory are left.
template <class Body>
auto guarded(const std::string& socket, Body body) -> decltype(body()) {
  try {
    return body();
  } catch (const std::exception& problem) {
    return std::unexpected(Error{.code = ErrorCode::ResourceExhausted,
                                 .operation = "ask the daemon at",
                                 .subject = socket,
                                 .sys_errno = 0,
                                 .detail = problem.what(),
                                 .remedy = {}});
  }
}

Result<std::string> whole_body(Connection& connection, const std::string& socket) {
  std::string whole;
  while (true) {
    const std::string_view piece = TRY(connection.read_some());
    if (piece.empty()) return whole;
    if (whole.size() + piece.size() > kMostBytes) {
      return std::unexpected(
          invalid_argument("ask the daemon at", socket, "its answer is longer than 64 MiB"));
    }
    whole += piece;
  }
}

}  // namespace

Result<void> HttpClient::knock() const {
  return guarded(socket_, [&]() -> Result<void> { return Connection(socket_).open(); });
}

Result<Answer> HttpClient::ask(std::string_view method, std::string_view target) const {
  return guarded(socket_, [&]() -> Result<Answer> {
    Connection connection(socket_);
    TRY(connection.open());
    TRY(connection.send(method, target));
    Answer answer;
    answer.status = TRY(connection.read_head());
    answer.body = TRY(whole_body(connection, socket_));
    return answer;
  });
}

Result<Answer> HttpClient::stream(std::string_view target, const Sink& sink) const {
  return guarded(socket_, [&]() -> Result<Answer> {
    Connection connection(socket_);
    TRY(connection.open());
    TRY(connection.send("GET", target));
    Answer answer;
    answer.status = TRY(connection.read_head());
    if (answer.status != 200) {
      answer.body = TRY(whole_body(connection, socket_));
      return answer;
    }
    while (true) {
      const std::string_view piece = TRY(connection.read_some());
      if (piece.empty() || !sink(piece)) return answer;
    }
  });
}

}  // namespace cordon::client
