#include "policy/merge.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <unordered_map>

#include "core/try.h"
#include "policy/glob.h"
#include "policy/merge_limits.h"

namespace cordon {

namespace {

Access access_of(Key key) {
  switch (key) {
    case Key::Read:
      return Access::Read;
    case Key::Write:
      return Access::Write;
    case Key::Protect:
      return Access::Protect;
    case Key::Hide:
      return Access::Hide;
    default:
      return Access::Deny;
  }
}

class Merger {
 public:
  explicit Merger(const PathContext& context) : context_(context) {}

  Result<void> add(const PolicyLayer& layer) {
    layer_ = layer.layer;
    document_ = &layer.document;
    const std::size_t rules = paths_.size() + layer.document.entries.size();
    paths_.reserve(rules);
    merged_.policy.filesystem.reserve(rules);
    for (const PolicyEntry& entry : layer.document.entries) TRY(apply(entry));
    return {};
  }

  Result<MergedPolicy> finish() {
    merged_.policy.limits = TRY(limits_.finish());
    for (int key = static_cast<int>(Key::Memory); key <= static_cast<int>(Key::Disk); ++key) {
      const Key limit = static_cast<Key>(key);
      if (std::string origin = limits_.origin(limit); !origin.empty()) {
        merged_.origins.emplace_back(spec_of(limit).name, std::move(origin));
      }
    }
    return std::move(merged_);
  }

 private:
  std::unexpected<Error> refuse(const PolicyEntry& entry, std::string detail) const {
    return refuse_entry(*document_, entry, std::move(detail));
  }

  bool is_project() const { return layer_ == Layer::Project; }

  // What a file that somebody else may have put into the directory cannot say.
  std::unexpected<Error> refuse_widening(const PolicyEntry& entry, std::string_view instead) const {
    return refuse(entry, fmt::format("a project's own file can only take away; {}", instead));
  }

  void remember(Key key, const PolicyEntry& entry) {
    const std::string_view name = spec_of(key).name;
    std::erase_if(merged_.origins, [&](const auto& origin) { return origin.first == name; });
    merged_.origins.emplace_back(name, origin_of(*document_, entry));
  }

  Result<void> apply(const PolicyEntry& entry) {
    Policy& policy = merged_.policy;
    if (LimitMerger::concerns(entry.key)) return limits_.apply(layer_, *document_, entry);
    switch (entry.key) {
      case Key::Read:
      case Key::Write:
        if (is_project()) {
          return refuse_widening(entry, "to make something read-only, protect it");
        }
        return add_path(entry);
      case Key::Protect:
      case Key::Deny:
      case Key::Hide:
        return add_path(entry);
      case Key::Network:
        return choose_network(entry);
      case Key::EnvPass:
      case Key::EnvSet:
      case Key::EnvDrop:
      case Key::EnvPath:
        return change_environment(entry);
      case Key::Require: {
        auto& required = policy.required_guarantees;
        if (std::ranges::find(required, entry.text) == required.end()) {
          required.push_back(entry.text);
        }
        break;
      }
      case Key::Hostname:
      case Key::Uid:
        if (is_project()) return refuse_widening(entry, "leave it out");
        remember(entry.key, entry);
        if (entry.key == Key::Hostname) {
          policy.hostname = entry.text;
        } else {
          policy.uid = static_cast<std::uint32_t>(entry.number);
        }
        break;
      case Key::NestedNamespaces: {
        const bool allowed = entry.text == "allowed";
        if (is_project() && allowed) return refuse_widening(entry, "leave it out");
        remember(entry.key, entry);
        policy.nested_namespaces = allowed ? NestedNamespaces::Allowed : NestedNamespaces::Refused;
        break;
      }
      case Key::Preset:
      case Key::Packs:
      case Key::Include:
        // Whoever collected the layers has followed them.
        if (is_project()) return refuse_widening(entry, "leave it out");
        break;
      default:
        break;
    }
    return {};
  }

  Result<void> choose_network(const PolicyEntry& entry) {
    const NetworkMode mode = entry.text == "open" ? NetworkMode::Open : NetworkMode::None;
    if (is_project() && mode == NetworkMode::Open) {
      return refuse_widening(entry, "leave it out");
    }
    remember(entry.key, entry);
    merged_.policy.network = mode;
    return {};
  }

  Result<void> add_path(const PolicyEntry& entry) {
    if (layer_ == Layer::System) {
      const auto anchored = check_path_text(entry.text, Anchor::Absolute);
      if (!anchored) {
        return refuse(entry, anchored.error().detail);
      }
    }
    auto path = expand_path(entry.text, context_);
    if (!path) return refuse(entry, path.error().detail);
    if (!*path) {
      if (entry.presence == Presence::Optional) return {};
      return refuse(entry,
                    "it names a variable that is not set; write ${NAME:-instead}, or "
                    "optional = true");
    }
    PathRule rule{access_of(entry.key), **std::move(path), origin_of(*document_, entry),
                  entry.presence, layer_};
    auto& rules = merged_.policy.filesystem;
    const auto [known, added] = paths_.try_emplace(rule.path, rules.size());
    if (added) {
      rules.push_back(std::move(rule));
      return {};
    }
    PathRule& other = rules[known->second];
    if (other.access == rule.access) {
      if (rule.presence == Presence::Required) other.presence = Presence::Required;
      other.layer = rule.layer;
      other.origin = std::move(rule.origin);
    } else if (other.layer == layer_ && layer_ != Layer::Pack) {
      return refuse(entry, fmt::format("it contradicts {} of {}; keep one of them",
                                       to_string(other.access), other.origin));
    } else if (rule.access == Access::Protect || other.access == Access::Protect ||
               layer_ == Layer::Pack) {
      // What comes of the two depends on what surrounds them: the backend sees all rules.
      rules.push_back(std::move(rule));
    } else {
      // A name that must be kept from being made stays so, whatever keeps it.
      const bool taken = other.access == Access::Deny || other.access == Access::Hide;
      if (taken && other.presence == Presence::Required) rule.presence = Presence::Required;
      other = std::move(rule);
    }
    return {};
  }

  Result<void> change_environment(const PolicyEntry& entry) {
    auto& [pass, set, path] = merged_.policy.environment;
    const auto same = [&](const auto& variable) { return variable.first == entry.text; };
    switch (entry.key) {
      case Key::EnvDrop:
        std::erase(pass, entry.text);
        std::erase_if(set, same);
        break;
      case Key::EnvPass:
        if (std::ranges::find(pass, entry.text) != pass.end()) break;
        if (is_project()) return refuse_widening(entry, "leave it out");
        pass.push_back(entry.text);
        break;
      case Key::EnvPath: {
        if (is_project()) return refuse_widening(entry, "leave it out");
        const auto expanded = TRY(expand_path(entry.text, context_));
        const auto directory = expanded ? Glob::parse(*expanded) : std::unexpected(Error());
        // A list where one directory is expected, as GOPATH may be, names none.
        if (!directory || !directory->literal() || expanded->contains(':')) break;
        if (std::ranges::find(path, directory->literal_prefix()) == path.end()) {
          path.push_back(directory->literal_prefix());
        }
        break;
      }
      default:
        if (is_project()) return refuse_widening(entry, "leave it out");
        std::erase_if(set, same);
        set.emplace_back(entry.text, entry.value);
    }
    return {};
  }

  const PathContext& context_;
  const PolicyDocument* document_ = nullptr;
  Layer layer_ = Layer::Default;
  MergedPolicy merged_;
  LimitMerger limits_;
  std::unordered_map<std::string, std::size_t> paths_;
};

}  // namespace

Result<MergedPolicy> merge(std::span<const PolicyLayer> layers, const PathContext& context) {
  Merger merger(context);
  for (const PolicyLayer& layer : layers) TRY(merger.add(layer));
  return merger.finish();
}

}  // namespace cordon
