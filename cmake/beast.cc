// Asio and Beast, which are headers, compiled once: their users see declarations only.
#include <boost/asio/impl/src.hpp>
#include <boost/beast/src.hpp>
