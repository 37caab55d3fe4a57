// The API's JSON: writing what is said, reading what is heard. What an answer leaves out, or says
// in another type than expected, reads as absent: engines differ. Only what cannot be done without
// is an error.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "cordon/error.h"
#include "engine/types.h"

namespace cordon::engine {

std::string to_json(const ContainerConfig& config);

Result<Container> read_container(std::string_view body);
Result<std::vector<ContainerSummary>> read_containers(std::string_view body);
Result<Image> read_image(std::string_view body);
Result<EngineInfo> read_info(std::string_view body);

struct NewObject {
  std::string_view name;
  const Pairs& labels;
  enum class Kind { Volume, InternalNetwork } kind = Kind::Volume;
};

Result<std::vector<ImageSummary>> read_images(std::string_view body);

std::string to_json(const ExecConfig& config);
Result<std::string> read_new_id(std::string_view body, std::string_view what);
Result<ExecState> read_exec(std::string_view body);
Result<Usage> read_usage(std::string_view body);
Result<Event> read_event(std::string_view line);
std::string to_json_object(const Pairs& pairs);
// Of a new volume, or of a new network without a way out.
std::string to_json(const NewObject& object);
Result<std::vector<Labelled>> read_volumes(std::string_view body);
Result<std::vector<Labelled>> read_networks(std::string_view body);

struct Versions {
  std::string engine;
  std::string version;
  std::string api;
  std::string least_api;
};
Result<Versions> read_versions(std::string_view body);

struct Created {
  std::string id;
  std::vector<std::string> warnings;
};
Result<Created> read_created(std::string_view body);

struct Waited {
  int exit_code = 0;
  std::string error;
};
Result<Waited> read_waited(std::string_view body);

}  // namespace cordon::engine
