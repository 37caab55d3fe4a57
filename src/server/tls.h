// Certificates for the TCP listener.
#pragma once

#include <memory>
#include <string>

#include "cordon/error.h"

namespace cordon::server {

class Tls;

// PEM files: the certificate with its chain, and its private key. TLS 1.2 and 1.3, no
// renegotiation, no compression. Errors: a file that cannot be read, a key that is not the
// certificate's, a key that others may read.
Result<std::shared_ptr<Tls>> load_tls(const std::string& certificate, const std::string& key);

}  // namespace cordon::server
