// From a method and a path to what answers them.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "server/target.h"

namespace cordon::server {

struct RouteMatch {
  enum class Kind { Found, NoSuchPath, NoSuchMethod };
  Kind kind = Kind::NoSuchPath;
  std::size_t route = 0;                     // what add() was given; Found only
  std::vector<std::string_view> parameters;  // of the {names}, in order; views into the target
  std::string allow;                         // NoSuchMethod: the value for Allow
};

// Not thread-safe while routes are added. A fixed segment comes before a {name} at its place.
class Router {
 public:
  // "/api/v1/executions/{id}/events". HEAD is answered wherever GET is.
  void add(std::string_view method, std::string_view pattern, std::size_t route);
  RouteMatch match(std::string_view method, const Target& target) const;

 private:
  struct Route {
    std::string method;
    std::vector<std::string> segments;  // an empty one stands for any
    std::size_t route;
  };
  std::vector<Route> routes_;
};

}  // namespace cordon::server
