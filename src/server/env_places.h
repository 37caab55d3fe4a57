// Where environments of callers are: for each its words, and its project where that was sent. Below
// the state directory, for this user alone.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <thread>
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
  // Where what is put out of the way lies: a path; empty: there was nothing.
  using Grave = std::string;
  // Nothing is known of it then; its files are for clear().
  Result<Grave> remove(const EnvName& name);
  // Removes what is there, for a moment: somebody waits. A container that still has a project
  // mounted may write there as fast as it is removed; the rest is for clear_graves().
  void clear(const Grave& grave);
  // Removes what is in graves, whoever's, beside all else and when nothing else is to do. For what
  // a process that is gone left there, and what clear() did not finish.
  void clear_graves();

  // The project as it was sent; there is none until replace_context().
  std::string context(const EnvName& name) const;
  bool has_context(const EnvName& name) const;
  // A new one, empty; see Incoming. Whoever has the turn. Errors: QuotaExceeded.
  class Incoming;
  Result<std::unique_ptr<Incoming>> make_incoming(const EnvName& name);
  // It takes the place of what was there, at once and whole. What was there has its grave.
  Result<void> replace_context(Incoming& incoming);

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
  Result<Grave> bury(const std::string& path);
  void dig(const std::stop_token& stop);
  void end_turn(const EnvName& name);
  struct Room;
  std::shared_ptr<Room> room_of(const std::string& owner);

  const Options options_;
  std::mutex keeping_;
  mutable std::mutex mutex_;
  std::map<EnvName, std::string> turns_;
  std::map<std::string, std::shared_ptr<Room>, std::less<>> rooms_;  // of owners that sent some
  std::mutex digging_;
  bool is_digging_ = false;
  bool is_more_ = false;
  std::jthread digger_;  // the last: it ends first
};

// A project on its way in: a directory that is gone with this object unless it was put in its
// place.
class EnvPlaces::Incoming {
 public:
  Incoming(EnvPlaces& places, EnvName name, std::shared_ptr<Room> room);
  Incoming(const Incoming&) = delete;
  Incoming& operator=(const Incoming&) = delete;
  ~Incoming();

  const std::string& path() const { return path_; }
  // Before a file of so many bytes, a directory or a link is made there. False: with what else is
  // there and on its way, it would be more than its owner may have.
  bool take(std::uint64_t bytes);

 private:
  friend class EnvPlaces;

  EnvPlaces& places_;
  const EnvName name_;
  const std::string path_;
  const std::shared_ptr<Room> room_;
  std::uint64_t taken_ = 0;  // room_->mutex is held
};

}  // namespace cordon::server
