// The inside of Tls, for what opens streams with it.
#pragma once

#include <boost/asio/ssl/context.hpp>

#include "server/tls.h"

namespace cordon::server {

class Tls {
 public:
  Tls() : context(boost::asio::ssl::context::tls_server) {}
  boost::asio::ssl::context context;
};

}  // namespace cordon::server
