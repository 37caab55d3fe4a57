// From a Dockerfile and the files that it copies to an image.
#pragma once

#include <chrono>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "cordon/backend.h"
#include "cordon/dev_env.h"
#include "devenv/build_context.h"
#include "devenv/dockerfile.h"
#include "engine/client.h"

namespace cordon::devenv {

using TextSink = std::function<void(std::string_view text)>;

struct BuildInput {
  const BuildContext* context = nullptr;
  const Dockerfile* dockerfile = nullptr;
  BuildArguments arguments = {};
  std::string platform = {};
  std::string target = {};
  std::string tag;
  NetworkMode network = NetworkMode::None;
  std::optional<std::uint64_t> memory_bytes = {};
  std::chrono::nanoseconds timeout = std::chrono::minutes(10);
  TextSink output = {};
  engine::BuildRequest::Cache cache = engine::BuildRequest::Cache::Use;
  int cancel_fd = -1;
  DevEnvWords words = {};
};

struct BuiltImage {
  std::string id;
  std::string content_hash;  // of the files that were sent
};

// The bases must be there: the engine fetches none by itself. Errors: those of the build, with the
// end of what it said; Conflict: cancelled, or a file changed meanwhile.
Result<BuiltImage> build_image(const engine::Client& client, const BuildInput& input);

struct BaseSearch {
  ImagePull pull = {};  // how they are fetched
  NetworkMode network = NetworkMode::None;
  DevEnvWords words = {};
};

// The ids of the images that a Dockerfile starts from. Errors: those of check_walls(); NotFound:
// one is not there.
Result<std::vector<std::string>> find_bases(const engine::Client& client,
                                            const Dockerfile& dockerfile, const BaseSearch& search);

}  // namespace cordon::devenv
