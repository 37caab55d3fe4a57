// Boost.JSON as a part of libcordon.so; see Install.cmake.
#include <boost/json/src.hpp>
