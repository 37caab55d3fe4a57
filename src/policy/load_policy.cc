#include "policy/load_policy.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "core/try.h"
#include "policy/embedded.h"
#include "policy/policy_file.h"
#include "policy/read_policy.h"

namespace cordon {

namespace {

constexpr std::string_view kFirstPreset = "workspace";
constexpr std::string_view kOff = "off";

PolicyDocument initial_document(const Limits& limits) {
  PolicyDocument document{"default", {}};
  const auto add = [&](Key key, std::optional<std::uint64_t> number) {
    if (number) document.entries.push_back({.key = key, .number = *number});
  };
  add(Key::Memory, limits.memory_bytes);
  add(Key::Pids, limits.pids);
  add(Key::Output, limits.output_bytes);
  add(Key::Disk, limits.disk_bytes);
  if (limits.timeout) add(Key::Timeout, static_cast<std::uint64_t>(limits.timeout->count()));
  if (limits.cpus) document.entries.push_back({.key = Key::Cpus, .cores = *limits.cpus});
  return document;
}

class Collector {
 public:
  explicit Collector(const PolicySources& sources) : sources_(sources) {}

  Result<EffectivePolicy> collect() {
    TRY(add_file(Layer::System, sources_.system_file));
    TRY(add_file(Layer::User, sources_.user_file));
    TRY(add_file(Layer::File, sources_.file));
    TRY(follow(Layer::CommandLine, sources_.request));
    stated_.push_back({Layer::CommandLine, sources_.request});
    if (sources_.project == ProjectPolicy::Obey) TRY(add_project());

    std::vector<PolicyLayer> layers;
    layers.push_back({Layer::Default, initial_document(sources_.initial)});
    TRY(add_preset(layers));
    TRY(add_packs(layers));
    std::ranges::move(stated_, std::back_inserter(layers));
    MergedPolicy merged = TRY(merge(layers, sources_.context));
    effective_.policy = std::move(merged.policy);
    effective_.origins = std::move(merged.origins);
    return std::move(effective_);
  }

 private:
  struct Choice {
    std::string name;
    Layer layer = Layer::Default;
    std::string place;  // of the statement; empty: nobody chose
  };

  Result<void> add_file(Layer layer, const std::string& path) {
    if (path.empty()) return {};
    const auto file = TRY(read_policy_file(path, Trust::Owner));
    if (!file) {
      if (layer != Layer::File) return {};
      return std::unexpected(
          Error{ErrorCode::NotFound, "read the policy", path, 0, "there is no such file", ""});
    }
    for (PolicyDocument& document : TRY(load_with_includes(*file))) {
      effective_.files.push_back(document.source);
      TRY(follow(layer, document));
      stated_.push_back({layer, std::move(document)});
    }
    return {};
  }

  Result<void> add_project() {
    const std::string path = sources_.project_file.empty()
                                 ? fmt::format("{}/{}", sources_.context.work_dir, kProjectPolicy)
                                 : sources_.project_file;
    const auto file = TRY(read_policy_file(path, Trust::Nobody));
    if (!file) return {};
    effective_.files.push_back(path);
    stated_.push_back({Layer::Project, TRY(policy_from_toml(file->text, path))});
    return {};
  }

  Result<void> follow(Layer layer, const PolicyDocument& document) {
    for (const PolicyEntry& entry : document.entries) {
      const std::string place = place_of(document.source, entry.position);
      if (entry.key == Key::Preset) {
        preset_ = {entry.text, layer, place};
      } else if (entry.key == Key::Packs) {
        const auto same = [&](const Choice& pack) { return pack.name == entry.text; };
        if (std::ranges::none_of(packs_, same)) packs_.push_back({entry.text, layer, place});
      } else if (entry.key == Key::Include && layer == Layer::CommandLine) {
        return refuse_entry(document, entry, "only a file can include another; use --policy");
      }
    }
    return {};
  }

  static Result<PolicyDocument> find(EmbeddedKind kind, const Choice& choice) {
    auto document = embedded_policy(kind, choice.name);
    if (!document && !choice.place.empty()) {
      Error error = std::move(document).error();
      error.operation = choice.place;
      // An option says it itself.
      if (choice.layer != Layer::CommandLine) {
        error.subject =
            fmt::format("{} {}", kind == EmbeddedKind::Preset ? "preset" : "packs", error.subject);
      }
      return std::unexpected(std::move(error));
    }
    return document;
  }

  Result<void> add_preset(std::vector<PolicyLayer>& layers) {
    if (preset_.name == kOff && preset_.layer != Layer::CommandLine) {
      return std::unexpected(invalid_argument(
          preset_.place, "preset = \"off\"",
          "it opens the file system and the network; say --preset off where you mean it"));
    }
    effective_.preset = preset_.name;
    layers.push_back({Layer::Preset, TRY(find(EmbeddedKind::Preset, preset_))});
    return {};
  }

  Result<void> add_packs(std::vector<PolicyLayer>& layers) {
    for (const Choice& pack : packs_) {
      effective_.packs.push_back(pack.name);
      layers.push_back({Layer::Pack, TRY(find(EmbeddedKind::Pack, pack))});
    }
    return {};
  }

  const PolicySources& sources_;
  EffectivePolicy effective_;
  std::vector<PolicyLayer> stated_;
  Choice preset_{std::string(kFirstPreset), Layer::Default, ""};
  std::vector<Choice> packs_;
};

}  // namespace

Result<EffectivePolicy> load_policy(const PolicySources& sources) {
  return Collector(sources).collect();
}

std::string user_policy_file(const PathContext& context) {
  const auto stated =
      context.variable ? context.variable("XDG_CONFIG_HOME") : std::optional<std::string_view>();
  const std::string place =
      stated && stated->starts_with('/') ? std::string(*stated) : context.home + "/.config";
  return place + "/cordon/policy.toml";
}

}  // namespace cordon
