#include "server/tls.h"

#include <openssl/ssl.h>
#include <sys/stat.h>

#include <utility>

#include "core/try.h"
#include "server/tls_context.h"

namespace cordon::server {

namespace {

Error tls_error(const std::string& file, const boost::system::error_code& code) {
  return {.code = ErrorCode::InvalidArgument,
          .operation = "load for TLS",
          .subject = file,
          .sys_errno = 0,
          .detail = code.message(),
          .remedy = "give a certificate with its chain, and its own key, both in PEM"};
}

Result<void> check_key_mode(const std::string& key) {
  struct stat status{};
  if (::stat(key.c_str(), &status) < 0) return std::unexpected(system_error("read the key", key));
  if ((status.st_mode & 07) != 0) {
    return std::unexpected(Error{.code = ErrorCode::PermissionDenied,
                                 .operation = "load for TLS",
                                 .subject = key,
                                 .sys_errno = 0,
                                 .detail = "everybody on this machine may read the private key",
                                 .remedy = "chmod o= " + key});
  }
  return {};
}

}  // namespace

Result<std::shared_ptr<Tls>> load_tls(const std::string& certificate, const std::string& key) {
  TRY(check_key_mode(key));
  auto tls = std::make_shared<Tls>();
  SSL_CTX* const native = tls->context.native_handle();
  ::SSL_CTX_set_min_proto_version(native, TLS1_2_VERSION);
  ::SSL_CTX_set_options(native, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION);
  // An idle connection gives its 32 KiB of buffers back.
  ::SSL_CTX_set_mode(native, SSL_MODE_RELEASE_BUFFERS);
  // Forward secrecy in TLS 1.2 too.
  ::SSL_CTX_set_cipher_list(native, "ECDHE+AESGCM:ECDHE+CHACHA20");
  boost::system::error_code code;
  tls->context.use_certificate_chain_file(certificate, code);
  if (code) return std::unexpected(tls_error(certificate, code));
  tls->context.use_private_key_file(key, boost::asio::ssl::context::pem, code);
  if (code) return std::unexpected(tls_error(key, code));
  return tls;
}

}  // namespace cordon::server
