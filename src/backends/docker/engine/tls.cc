#include "engine/tls.h"

#include <fmt/format.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <string_view>
#include <system_error>
#include <thread>

#include "core/blocked_signals.h"
#include "core/sigpipe_block.h"
#include "core/try.h"
#include "engine/wait.h"

namespace cordon::engine {

namespace {

struct Free {
  void operator()(SSL_CTX* context) const { SSL_CTX_free(context); }
  void operator()(SSL* session) const { SSL_free(session); }
};
using Context = std::unique_ptr<SSL_CTX, Free>;
using Session = std::unique_ptr<SSL, Free>;

std::string last_reason() {
  const unsigned long code = ERR_peek_last_error();
  ERR_clear_error();
  const char* const words = code != 0 ? ERR_reason_error_string(code) : nullptr;
  return words != nullptr ? words : "it closed the connection";
}

std::unexpected<Error> unusable(const std::string& path, std::string_view what) {
  Error error = invalid_argument("talk TLS to the engine with", path,
                                 fmt::format("{}: {}", what, last_reason()));
  error.remedy = "DOCKER_CERT_PATH names the directory of ca.pem, cert.pem and key.pem";
  return std::unexpected(std::move(error));
}

Result<Context> make_context(const TlsFiles& files) {
  Context context(SSL_CTX_new(TLS_client_method()));
  if (!context) return unusable("", "OpenSSL has no memory");
  SSL_CTX_set_min_proto_version(context.get(), TLS1_2_VERSION);
  SSL_CTX_set_verify(context.get(), SSL_VERIFY_PEER, nullptr);
  SSL_CTX_set_mode(context.get(),
                   SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
  if (SSL_CTX_load_verify_file(context.get(), files.authority.c_str()) != 1) {
    return unusable(files.authority, "no certificates of an authority");
  }
  if (files.certificate.empty()) return context;
  if (SSL_CTX_use_certificate_chain_file(context.get(), files.certificate.c_str()) != 1) {
    return unusable(files.certificate, "no certificate");
  }
  if (SSL_CTX_use_PrivateKey_file(context.get(), files.key.c_str(), SSL_FILETYPE_PEM) != 1) {
    return unusable(files.key, "no key of the certificate");
  }
  return context;
}

Error refused(SSL* session, const Endpoint& endpoint) {
  const long verified = SSL_get_verify_result(session);
  Error error = unavailable(endpoint.text(), fmt::format("TLS: {}", last_reason()));
  if (verified == X509_V_OK) return error;
  error.code = ErrorCode::PermissionDenied;
  error.detail =
      fmt::format("its certificate does not hold: {}", X509_verify_cert_error_string(verified));
  error.remedy = "ca.pem in DOCKER_CERT_PATH must be of the authority that signed the engine's";
  return error;
}

Result<Session> shake_hands(const UniqueFd& socket, const Endpoint& endpoint, const Until& until) {
  const Context context = TRY(make_context(*endpoint.tls));
  Session session(SSL_new(context.get()));
  if (!session || SSL_set_fd(session.get(), socket.get()) != 1) {
    return unusable("", "OpenSSL has no memory");
  }
  // An address in the certificate, or a name: never the one for the other.
  if (X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(session.get()), endpoint.host.c_str()) != 1) {
    ERR_clear_error();
    if (SSL_set1_host(session.get(), endpoint.host.c_str()) != 1) {
      return unusable(endpoint.host, "no name of a host");
    }
    SSL_set_tlsext_host_name(session.get(), endpoint.host.c_str());
  }
  for (;;) {
    ERR_clear_error();
    const int done = SSL_connect(session.get());
    if (done == 1) return session;
    const int wanted = SSL_get_error(session.get(), done);
    if (wanted == SSL_ERROR_WANT_READ) {
      TRY(wait_for(socket.get(), POLLIN, until, endpoint.text()));
    } else if (wanted == SSL_ERROR_WANT_WRITE) {
      TRY(wait_for(socket.get(), POLLOUT, until, endpoint.text()));
    } else {
      return std::unexpected(refused(session.get(), endpoint));
    }
  }
}

// Moves bytes between the engine and the plain end, at most one piece in each direction held.
class Tunnel {
 public:
  Tunnel(UniqueFd socket, Session session, UniqueFd plain, std::shared_ptr<TlsFailure> failure)
      : socket_(std::move(socket)),
        session_(std::move(session)),
        plain_(std::move(plain)),
        failure_(std::move(failure)) {}

  void run() {
    while (!heard_all_) {
      if (!wait()) return;
      if (!hear() || !pass_on() || !take() || !say()) return;
    }
    // What was heard is delivered before the end is.
    while (!in_.empty() && wait() && pass_on()) {
    }
  }

 private:
  bool wait() {
    std::array<pollfd, 2> polls = {pollfd{socket_.get(), 0, 0}, pollfd{plain_.get(), 0, 0}};
    if (in_.empty() && !heard_all_) polls[0].events |= POLLIN;
    if (!out_.empty()) polls[0].events |= POLLOUT;
    if (out_.empty() && !said_all_) polls[1].events |= POLLIN;
    if (!in_.empty()) polls[1].events |= POLLOUT;
    if (polls[0].events == 0) polls[0].fd = -1;
    // Bytes that OpenSSL has decrypted already are in no socket.
    const bool pending = in_.empty() && SSL_pending(session_.get()) > 0;
    if (::poll(polls.data(), polls.size(), pending ? 0 : -1) < 0 && errno != EINTR) return false;
    gone_ = (polls[1].revents & POLLERR) != 0 ||
            ((polls[1].revents & POLLHUP) != 0 && (polls[1].revents & POLLIN) == 0);
    return !gone_;
  }

  bool hear() {
    if (!in_.empty()) return true;
    std::array<char, kPiece> piece;
    ERR_clear_error();
    const int size = SSL_read(session_.get(), piece.data(), static_cast<int>(piece.size()));
    if (size > 0) {
      in_.assign(piece.data(), static_cast<std::size_t>(size));
      return true;
    }
    const int wanted = SSL_get_error(session_.get(), size);
    if (wanted == SSL_ERROR_WANT_READ || wanted == SSL_ERROR_WANT_WRITE) return true;
    if (wanted == SSL_ERROR_ZERO_RETURN) {
      heard_all_ = true;
      return true;
    }
    // Without its goodbye an end may be somebody else's cut.
    failure_->set(fmt::format("TLS: {}", last_reason()));
    return false;
  }

  bool pass_on() {
    while (!in_.empty()) {
      const ssize_t size = ::send(plain_.get(), in_.data(), in_.size(), MSG_NOSIGNAL);
      if (size < 0) return errno == EAGAIN || errno == EINTR;
      in_.erase(0, static_cast<std::size_t>(size));
    }
    return true;
  }

  bool take() {
    if (!out_.empty() || said_all_) return true;
    std::array<char, kPiece> piece;
    const ssize_t size = ::recv(plain_.get(), piece.data(), piece.size(), 0);
    if (size < 0) return errno == EAGAIN || errno == EINTR;
    if (size == 0) {
      said_all_ = true;
      SSL_shutdown(session_.get());  // in our direction only: the answer is still to come
      return true;
    }
    out_.assign(piece.data(), static_cast<std::size_t>(size));
    return true;
  }

  bool say() {
    while (!out_.empty()) {
      ERR_clear_error();
      const int size = SSL_write(session_.get(), out_.data(), static_cast<int>(out_.size()));
      if (size > 0) {
        out_.erase(0, static_cast<std::size_t>(size));
        continue;
      }
      const int wanted = SSL_get_error(session_.get(), size);
      if (wanted == SSL_ERROR_WANT_READ || wanted == SSL_ERROR_WANT_WRITE) return true;
      // Why, may lie there to be read.
      out_.clear();
      said_all_ = true;
    }
    return true;
  }

  static constexpr std::size_t kPiece = 16 << 10;  // a record of TLS

  UniqueFd socket_;
  Session session_;
  UniqueFd plain_;
  std::shared_ptr<TlsFailure> failure_;
  std::string in_;
  std::string out_;
  bool heard_all_ = false;
  bool said_all_ = false;
  bool gone_ = false;
};

}  // namespace

void TlsFailure::set(std::string words) {
  const std::scoped_lock lock(mutex_);
  words_ = std::move(words);
}

std::string TlsFailure::words() const {
  const std::scoped_lock lock(mutex_);
  return words_;
}

Result<UniqueFd> speak_tls(UniqueFd socket, const Endpoint& endpoint, const Until& until,
                           const std::shared_ptr<TlsFailure>& failure) {
  // OpenSSL writes without MSG_NOSIGNAL; the thread inherits what is blocked.
  const SigpipeBlock no_sigpipe;
  const BlockedSignals blocked;
  Session session = TRY(shake_hands(socket, endpoint, until));
  int ends[2];
  if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends) != 0) {
    return std::unexpected(system_error("make a socket"));
  }
  UniqueFd ours(ends[0]);
  auto tunnel =
      std::make_unique<Tunnel>(std::move(socket), std::move(session), UniqueFd(ends[1]), failure);
  try {
    // It owns all that it uses, and ends with either side.
    std::thread([tunnel = std::move(tunnel)] { tunnel->run(); }).detach();
  } catch (const std::system_error& error) {
    return std::unexpected(
        system_error("start a thread for the engine's connection", {}, error.code().value()));
  }
  return ours;
}

}  // namespace cordon::engine
