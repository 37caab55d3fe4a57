// The one place where Asio's TLS is compiled; see also cordon_beast.
#include <boost/asio/ssl/impl/src.hpp>
