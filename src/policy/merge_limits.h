// Limits and their maxima, over all layers.
#pragma once

#include <array>
#include <optional>
#include <string>

#include "cordon/error.h"
#include "cordon/policy.h"
#include "policy/document.h"

namespace cordon {

class LimitMerger {
 public:
  static bool concerns(Key key) { return key >= Key::Memory && key <= Key::MaxDisk; }

  Result<void> apply(Layer layer, const PolicyDocument& document, const PolicyEntry& entry);
  // The limits, none above its maximum.
  Result<Limits> finish();
  // Where limit `key` comes from; "" when there is none.
  std::string origin(Key key) const;

 private:
  struct Stated {
    PolicyEntry entry;
    Layer layer = Layer::Default;
    std::string origin;
    std::string place;  // for the front of a message
    std::string subject;
  };
  struct Limit {
    std::optional<Stated> value;
    std::optional<Stated> of_files;  // what it was before the command line spoke
    std::optional<Stated> most;
  };

  Limit& limit_of(Key key);
  std::array<Limit, 6> limits_;
};

}  // namespace cordon
