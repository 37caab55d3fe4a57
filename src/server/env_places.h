// Where environments of callers are: for each its words, and its project where that was sent. Below
// the state directory, for this user alone.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "cordon/error.h"

namespace cordon::server {

struct EnvName {
  std::string owner;    // a Caller's name
  std::string project;  // is_project_name()

  auto operator<=>(const EnvName&) const = default;
};

// Thread-safe. Names of owners become paths as hashes only.
class EnvPlaces {
 public:
  struct Options {
    std::string directory;
    std::size_t most_of_caller = 64;
    std::uint64_t bytes_of_caller = 2ULL << 30;  // of the projects that it sent
  };
  // What a process that was killed had half of is removed, as far as that can be done now.
  static Result<std::unique_ptr<EnvPlaces>> open(Options options);
  EnvPlaces(const EnvPlaces&) = delete;
  EnvPlaces& operator=(const EnvPlaces&) = delete;

  struct Kept {
    EnvName name;
    std::string words;  // as read_env_body()
    std::string run;    // the execution that built it last, or tried to
  };
  // Absent: there is none, or it cannot be read.
  std::optional<Kept> find(const EnvName& name) const;
  // Empty: of all owners.
  std::vector<Kept> list(std::string_view owner) const;
  // Errors: QuotaExceeded: its owner has as many as it may.
  Result<void> keep(const Kept& kept);
  // Nothing is known of it then; its files are gone with the next clear_graves().
  Result<void> remove(const EnvName& name);
  // Removes what was put out of the way. Not all of it may go: a container that still has a project
  // mounted may write there as fast as it is removed.
  void clear_graves();

  // The project as it was sent; there is none until replace_context().
  std::string context(const EnvName& name) const;
  bool has_context(const EnvName& name) const;
  // A new one, empty, and how much may be put there. Errors: QuotaExceeded.
  struct Incoming {
    std::string path;
    std::uint64_t most_bytes = 0;
  };
  Result<Incoming> make_incoming(const EnvName& name);
  std::string incoming(const EnvName& name) const;
  // It takes the place of what was there, at once and whole. What was there has its grave.
  Result<void> replace_context(const EnvName& name);
  void drop_incoming(const EnvName& name);

  // Whoever has it is alone with this environment. Null: somebody has it.
  class Turn {
   public:
    Turn(EnvPlaces& places, EnvName name) : places_(places), name_(std::move(name)) {}
    Turn(const Turn&) = delete;
    Turn& operator=(const Turn&) = delete;
    ~Turn() { places_.end_turn(name_); }

   private:
    EnvPlaces& places_;
    const EnvName name_;
  };
  std::unique_ptr<Turn> take_turn(const EnvName& name);
  // For what it is: the execution's id. Nothing once the turn has ended.
  void name_turn(const EnvName& name, const std::string& run);
  // Empty: nobody has it, or not for an execution.
  std::string turn_of(const EnvName& name) const;

 private:
  explicit EnvPlaces(Options options) : options_(std::move(options)) {}
  std::string path(const EnvName& name, std::string_view kind) const;
  Result<void> bury(const std::string& path);
  void end_turn(const EnvName& name);

  const Options options_;
  mutable std::mutex mutex_;
  std::map<EnvName, std::string> turns_;
};

}  // namespace cordon::server
