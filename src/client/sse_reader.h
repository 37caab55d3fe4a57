// Server-sent events out of the bytes of a stream, however they are cut.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

namespace cordon::client {

struct ServerEvent {
  std::string id;
  std::string name;
  std::string data;
};

class SseReader {
 public:
  // Takes the next bytes, and hands over every event that is complete by then. False: an event is
  // longer than any of cordon's, or `on_event` said false.
  bool feed(std::string_view bytes, const std::function<bool(const ServerEvent&)>& on_event);

 private:
  void line(std::string_view text);

  std::string rest_;  // of the last line
  ServerEvent event_;
};

}  // namespace cordon::client
