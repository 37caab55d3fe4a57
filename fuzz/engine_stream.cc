// What an engine sends: an answer, and the frames of an attached container behind it.
#include <string>

#include "engine/answer.h"
#include "engine/frames.h"
#include "engine/image_name.h"
#include "engine/json.h"
#include "engine/progress.h"
#include "engine/registry_login.h"
#include "fuzz.h"

using cordon::fuzz::require;
namespace engine = cordon::engine;

namespace {

struct Heard {
  std::string out;
  std::string err;
  bool good = true;
  bool at_border = true;
  bool operator==(const Heard&) const = default;
};

Heard demultiplex(std::string_view bytes, std::size_t step) {
  Heard heard;
  engine::FrameReader reader;
  for (std::size_t at = 0; at < bytes.size() && heard.good; at += step) {
    heard.good =
        reader
            .feed(bytes.substr(at, step),
                  [&](engine::FrameStream stream, std::string_view content) {
                    (stream == engine::FrameStream::Out ? heard.out : heard.err).append(content);
                  })
            .has_value();
  }
  heard.at_border = reader.at_border();
  return heard;
}

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 1) return 0;
  const std::size_t step = data[0] == 0 ? size : data[0];
  const std::string_view bytes = cordon::fuzz::as_text(data + 1, size - 1);

  // Wherever the bytes are cut, they mean the same; nothing is invented.
  const Heard heard = demultiplex(bytes, step);
  const Heard whole = demultiplex(bytes, bytes.size() + 1);
  require(heard.good == whole.good && heard.out == whole.out && heard.err == whole.err);
  require(heard.out.size() + heard.err.size() <= bytes.size());

  constexpr std::size_t kMostBody = 4096;
  engine::AnswerReader reader(size % 2 == 0 ? engine::AnswerReader::After::Nothing
                                            : engine::AnswerReader::After::Connection,
                              kMostBody);
  bool good = true;
  for (std::size_t at = 0; at < bytes.size() && good && !reader.done(); at += step) {
    good = reader.feed(bytes.substr(at, step)).has_value();
  }
  if (good) good = reader.end().has_value();
  if (good) {
    require(reader.done());
    const std::string body = reader.take_body();
    require(body.size() <= kMostBody);
    (void)engine::read_container(body);
    (void)engine::read_containers(body);
  }
  (void)engine::read_container(bytes);
  (void)engine::read_images(bytes);
  (void)engine::read_volumes(bytes);
  (void)engine::read_networks(bytes);
  (void)engine::read_usage(bytes);
  (void)engine::read_event(bytes);
  (void)engine::read_exec(bytes);

  // Progress means the same wherever it is cut.
  const auto told = [&](std::size_t piece) {
    std::string text;
    const auto sink = [&](const engine::Progress& one) { text += one.status + one.text + "/"; };
    engine::ProgressReader progress;
    bool fine = true;
    for (std::size_t at = 0; at < bytes.size() && fine; at += piece) {
      fine = progress.feed(bytes.substr(at, piece), sink).has_value();
    }
    if (fine) (void)progress.end(sink);
    return text;
  };
  require(told(step) == told(bytes.size() + 1));
  (void)engine::parse_image_name(bytes);
  (void)engine::find_login(bytes, "localhost:5000");
  return 0;
}
