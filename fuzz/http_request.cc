// What a stranger sends on a connection: whole sessions, cut into pieces.
#include <optional>
#include <string>

#include "fuzz.h"
#include "server/session.h"

using cordon::fuzz::require;
namespace server = cordon::server;

namespace {

class Echo final : public server::Service {
 public:
  server::Admission admit(const server::Request& request, const server::Peer& /*peer*/,
                          const server::Reply& /*reply*/) override {
    require(request.count("Host") <= 1);
    return {};
  }
  void serve(server::Request request, const server::Peer& /*peer*/,
             server::Reply /*reply*/) override {
    require(request.body.size() <= 64);
    require(request.target().size() <= 8192);
    ++served;
  }
  server::Response refuse(int status, std::string_view /*problem*/) override {
    require(status >= 400 && status < 600);
    return {.status = status, .body = {}, .headers = {}};
  }

  int served = 0;
};

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 1) return 0;
  const std::size_t step = data[0] == 0 ? size : data[0];
  const std::string_view text = cordon::fuzz::as_text(data + 1, size - 1);
  // The same bytes in other pieces are the same requests.
  std::optional<int> served;
  for (const std::size_t piece : {step, text.size() + 1}) {
    Echo service;
    server::Session session(service, {.head_bytes = 4096, .body_bytes = 64}, {});
    for (std::size_t at = 0; at < text.size() && session.wants_input(); at += piece) {
      session.receive(text.substr(at, piece));
      require(session.take_output().size() < (1 << 20));
    }
    if (served) require(*served == service.served);
    served = service.served;
  }
  return 0;
}
