// One HTTP request and its answer, as everything above the wire sees them.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace cordon::server {

class BodySink;

enum class PeerKind { UnixSocket, Tcp };

// Who is at the other end, as the kernel says it.
struct Peer {
  PeerKind kind = PeerKind::Tcp;
  uid_t uid = static_cast<uid_t>(-1);  // UnixSocket only, as the three below
  gid_t gid = static_cast<gid_t>(-1);
  pid_t pid = 0;
  std::vector<gid_t> groups;  // the supplementary ones
  std::string address;        // Tcp: "127.0.0.1"
};

// All text of the head stands in one string: a request costs two allocations, not two a header.
class Request {
 public:
  std::string_view method() const { return at(method_); }
  // As it was sent; target.h takes it apart.
  std::string_view target() const { return at(target_); }
  // Names in any case. The first of that name; empty when there is none.
  std::string_view header(std::string_view name) const;
  std::size_t count(std::string_view name) const;
  bool http_1_1() const { return minor_version_ > 0; }

  std::string body;
  bool has_body = false;           // the head announces one
  std::shared_ptr<BodySink> sink;  // has the body, where the service gave one
  bool keep_alive = false;         // the client wants to ask more on this connection

  void set_line(std::string_view method, std::string_view target, int minor_version);
  void add_header(std::string_view name, std::string_view value);

 private:
  struct Span {
    std::uint32_t begin = 0;
    std::uint32_t size = 0;
  };
  std::string_view at(Span span) const {
    return std::string_view(head_).substr(span.begin, span.size);
  }
  Span keep(std::string_view text);

  std::string head_;
  Span method_;
  Span target_;
  int minor_version_ = 1;
  std::vector<std::pair<Span, Span>> headers_;
};

struct Response {
  int status = 200;
  std::string body;
  std::string content_type = "application/json";
  // Ours only, never a client's or a guest's bytes: they are not escaped.
  std::vector<std::pair<std::string, std::string>> headers;
};

std::string_view reason_phrase(int status);
bool equal_ignoring_case(std::string_view a, std::string_view b);

}  // namespace cordon::server
