// A form, in pieces of any size: the same parts, and no more of it held than there may be.
#include "server/multipart.h"

#include <string>

#include "fuzz.h"
#include "server/part_head.h"

using cordon::fuzz::require;
namespace server = cordon::server;

namespace {

constexpr server::MultipartLimits kLimits{.parts = 8, .head_bytes = 256, .name_bytes = 32};

class Transcript final : public server::PartReceiver {
 public:
  cordon::Result<void> begin(const server::PartHead& head) override {
    require(!open);
    require(head.name.size() <= kLimits.name_bytes);
    require(head.file_name.value_or("").size() <= kLimits.name_bytes);
    for (const char c : head.name + head.file_name.value_or("") + head.content_type) {
      require(c != '\r' && c != '\n' && c != '\0');
    }
    require(++parts <= kLimits.parts);
    open = true;
    text += "[" + head.name + "|" + head.file_name.value_or("-") + "]";
    return {};
  }
  cordon::Result<void> content(std::string_view bytes) override {
    require(open && !bytes.empty());
    text += bytes;
    return {};
  }
  cordon::Result<void> end() override {
    require(open);
    open = false;
    text += "[end]";
    return {};
  }

  std::string text;
  std::size_t parts = 0;
  bool open = false;
};

std::string read(std::string_view text, std::size_t piece) {
  Transcript transcript;
  server::MultipartParser parser("b", kLimits, transcript);
  for (; !text.empty(); text.remove_prefix(std::min(piece, text.size()))) {
    if (!parser.feed(text.substr(0, piece))) return "refused";
  }
  if (!parser.finish()) return "refused";
  require(!transcript.open);
  return transcript.text;
}

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 1) return 0;
  const std::string_view text = cordon::fuzz::as_text(data + 1, size - 1);
  require(read(text, data[0] + std::size_t{1}) == read(text, text.size() + 1));
  if (const auto boundary = server::boundary_of(text)) {
    require(!boundary->empty() && boundary->size() <= 70);
  }
  return 0;
}
