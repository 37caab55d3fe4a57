#include "server/env_places.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sched.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <chrono>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <system_error>
#include <utility>

#include "core/id.h"
#include "core/remove_tree.h"
#include "core/try.h"
#include "core/unique_fd.h"
#include "core/whole_file.h"
#include "devenv/sha256.h"
#include "jobs/disk_use.h"
#include "server/env_body.h"

namespace cordon::server {

namespace {

namespace json = boost::json;
namespace fs = std::filesystem;

constexpr std::string_view kWords = "words";
constexpr std::string_view kContext = "context";
constexpr std::string_view kIncoming = "incoming";
constexpr std::string_view kGraves = "graves";  // no owner's: theirs are 32 digits
constexpr std::string_view kSuffix = ".json";
constexpr std::string_view kWhat = "keep the environment";

std::string owner_dir(const std::string& root, std::string_view owner) {
  constexpr std::size_t kDigits = 32;
  return fmt::format("{}/{}", root, devenv::sha256(owner).substr(0, kDigits));
}

std::string member(const json::object& from, std::string_view name) {
  const json::value* found = from.if_contains(json::string_view(name.data(), name.size()));
  return found != nullptr && found->is_string()
             ? std::string(found->get_string().data(), found->get_string().size())
             : std::string();
}

std::optional<EnvPlaces::Kept> read_kept(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  const std::string text(std::istreambuf_iterator<char>(file), {});
  json::error_code failure;
  const json::value parsed = json::parse(text, failure);
  if (failure || !parsed.is_object()) return std::nullopt;
  const json::object& from = parsed.get_object();
  EnvPlaces::Kept kept{.name = {.owner = member(from, "owner"), .project = member(from, "project")},
                       .words = member(from, "words"),
                       .run = member(from, "run")};
  if (kept.name.owner.empty() || !is_project_name(kept.name.project)) return std::nullopt;
  return kept;
}

std::vector<std::string> names_in(const std::string& directory) {
  std::vector<std::string> names;
  std::error_code failure;
  for (fs::directory_iterator entry(directory, failure), end; !failure && entry != end;
       entry.increment(failure)) {
    names.push_back(entry->path().filename().string());
  }
  return names;
}

Result<void> make_directory(const std::string& path) {
  if (::mkdir(path.c_str(), 0700) == 0 || errno == EEXIST) return {};
  return std::unexpected(system_error(std::string(kWhat), path));
}

std::unexpected<Error> too_much(std::string detail, std::string remedy) {
  return std::unexpected(Error{.code = ErrorCode::QuotaExceeded,
                               .operation = std::string(kWhat),
                               .subject = {},
                               .sys_errno = 0,
                               .detail = std::move(detail),
                               .remedy = std::move(remedy)});
}

}  // namespace

// What one owner's projects take. Its lock is held while they are measured, and while what was on
// its way is put in its place: nothing is counted in neither.
struct EnvPlaces::Room {
  std::mutex mutex;
  std::uint64_t used = 0;      // as it was measured last, and what has come since
  std::uint64_t promised = 0;  // to what is on its way
};

EnvPlaces::Incoming::Incoming(EnvPlaces& places, EnvName name, std::shared_ptr<Room> room)
    : places_(places),
      name_(std::move(name)),
      path_(places.path(name_, kIncoming)),
      room_(std::move(room)) {}

EnvPlaces::Incoming::~Incoming() {
  if (const auto grave = places_.bury(path_)) places_.clear(*grave);
  const std::lock_guard lock(room_->mutex);
  room_->promised -= taken_;
}

bool EnvPlaces::Incoming::take(std::uint64_t bytes) {
  constexpr std::uint64_t kBlock = 4096;
  const std::uint64_t most = places_.options_.bytes_of_caller;
  if (bytes > most) return false;
  // As the disk has it, and as it is measured: in blocks, and a name without content has one, too.
  const std::uint64_t asked = std::max<std::uint64_t>((bytes + kBlock - 1) / kBlock, 1) * kBlock;
  const std::lock_guard lock(room_->mutex);
  if (room_->used + room_->promised + asked > most) return false;
  room_->promised += asked;
  taken_ += asked;
  return true;
}

std::string EnvPlaces::path(const EnvName& name, std::string_view kind) const {
  return fmt::format("{}/{}/{}{}", owner_dir(options_.directory, name.owner), kind, name.project,
                     kind == kWords ? kSuffix : "");
}

Result<std::unique_ptr<EnvPlaces>> EnvPlaces::open(Options options) {
  std::unique_ptr<EnvPlaces> places(new EnvPlaces(std::move(options)));
  const std::string& root = places->options_.directory;
  TRY(make_directory(root));
  TRY(make_directory(fmt::format("{}/{}", root, kGraves)));
  for (const std::string& owner : names_in(root)) {
    for (const std::string& half : names_in(fmt::format("{}/{}/{}", root, owner, kIncoming))) {
      TRY(places->bury(fmt::format("{}/{}/{}/{}", root, owner, kIncoming, half)));
    }
    // What was being removed: its words went first.
    const std::string contexts = fmt::format("{}/{}/{}", root, owner, kContext);
    for (const std::string& project : names_in(contexts)) {
      const std::string words = fmt::format("{}/{}/{}/{}{}", root, owner, kWords, project, kSuffix);
      if (::access(words.c_str(), F_OK) == 0) continue;
      TRY(places->bury(fmt::format("{}/{}", contexts, project)));
    }
  }
  return places;
}

std::optional<EnvPlaces::Kept> EnvPlaces::find(const EnvName& name) const {
  auto kept = read_kept(path(name, kWords));
  if (!kept || kept->name != name) return std::nullopt;
  return kept;
}

std::vector<EnvPlaces::Kept> EnvPlaces::list(std::string_view owner) const {
  std::vector<std::string> owners;
  if (!owner.empty()) {
    owners.push_back(owner_dir(options_.directory, owner));
  } else {
    for (const std::string& one : names_in(options_.directory)) {
      owners.push_back(fmt::format("{}/{}", options_.directory, one));
    }
  }
  std::map<EnvName, Kept> found;
  for (const std::string& one : owners) {
    const std::string directory = fmt::format("{}/{}", one, kWords);
    for (const std::string& file : names_in(directory)) {
      if (!file.ends_with(kSuffix)) continue;
      if (auto kept = read_kept(fmt::format("{}/{}", directory, file))) {
        const EnvName name = kept->name;
        found.insert_or_assign(name, *std::move(kept));
      }
    }
  }
  std::vector<Kept> list;
  list.reserve(found.size());
  for (auto& [name, kept] : found) list.push_back(std::move(kept));
  return list;
}

Result<void> EnvPlaces::keep(const Kept& kept) {
  const std::lock_guard lock(keeping_);  // counted, then written
  const std::string file = path(kept.name, kWords);
  const std::string directory = owner_dir(options_.directory, kept.name.owner);
  TRY(make_directory(directory));
  TRY(make_directory(fmt::format("{}/{}", directory, kWords)));
  if (::access(file.c_str(), F_OK) != 0 &&
      list(kept.name.owner).size() >= options_.most_of_caller) {
    return too_much(
        fmt::format("there are {}, as many as one caller may have", options_.most_of_caller),
        "DELETE /api/v1/envs/{project} removes one");
  }
  return write_whole_file(file, json::serialize(json::object{{"owner", kept.name.owner},
                                                             {"project", kept.name.project},
                                                             {"words", kept.words},
                                                             {"run", kept.run}}) +
                                    "\n");
}

Result<EnvPlaces::Grave> EnvPlaces::remove(const EnvName& name) {
  // Its words first: where this is killed after that, open() removes the rest.
  const std::string words = path(name, kWords);
  if (::unlink(words.c_str()) != 0 && errno != ENOENT) {
    return std::unexpected(system_error("forget the environment", words));
  }
  return bury(context(name));
}

Result<EnvPlaces::Grave> EnvPlaces::bury(const std::string& path) {
  std::string grave = fmt::format("{}/{}/{}", options_.directory, kGraves, TRY(make_id()));
  if (::rename(path.c_str(), grave.c_str()) == 0) return grave;
  if (errno == ENOENT) return Grave();
  return std::unexpected(system_error(std::string(kWhat), path));
}

void EnvPlaces::clear(const Grave& grave) {
  if (grave.empty()) return;
  if (!remove_tree(grave, {.patience = std::chrono::seconds(2)})) clear_graves();
}

void EnvPlaces::clear_graves() {
  const std::lock_guard lock(digging_);
  is_more_ = true;
  if (std::exchange(is_digging_, true)) return;
  // One that was there needs the lock no more.
  digger_ = std::jthread([this](const std::stop_token& stop) { dig(stop); });
}

void EnvPlaces::dig(const std::stop_token& stop) {
  // Whoever fills a grave without end has the idle time of this machine, and a minute of it before
  // it is the next one's turn.
  const sched_param none{};
  (void)::sched_setscheduler(0, SCHED_IDLE, &none);
  constexpr int kIdle = 3 << 13;  // IOPRIO_CLASS_IDLE
  (void)::syscall(SYS_ioprio_set, 1, 0, kIdle);
  const std::string graves = fmt::format("{}/{}", options_.directory, kGraves);
  while (true) {
    {
      const std::lock_guard lock(digging_);
      is_digging_ = is_more_ && !stop.stop_requested();
      if (!is_digging_) return;
      is_more_ = false;
    }
    for (const std::string& grave : names_in(graves)) {
      (void)remove_tree(fmt::format("{}/{}", graves, grave),
                        {.patience = std::chrono::minutes(1), .stop = stop});
    }
  }
}

std::string EnvPlaces::context(const EnvName& name) const { return path(name, kContext); }

bool EnvPlaces::has_context(const EnvName& name) const {
  return ::access(context(name).c_str(), F_OK) == 0;
}

std::shared_ptr<EnvPlaces::Room> EnvPlaces::room_of(const std::string& owner) {
  const std::lock_guard lock(mutex_);
  auto& room = rooms_[owner];
  if (!room) room = std::make_shared<Room>();
  return room;
}

Result<std::unique_ptr<EnvPlaces::Incoming>> EnvPlaces::make_incoming(const EnvName& name) {
  const std::string directory = owner_dir(options_.directory, name.owner);
  TRY(make_directory(directory));
  const std::string contexts = fmt::format("{}/{}", directory, kContext);
  TRY(make_directory(contexts));
  TRY(make_directory(fmt::format("{}/{}", directory, kIncoming)));
  TRY(bury(path(name, kIncoming)));
  const UniqueFd held(::open(contexts.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!held.valid()) return std::unexpected(system_error(std::string(kWhat), contexts));
  auto incoming = std::make_unique<Incoming>(*this, name, room_of(name.owner));
  {
    // Measured each time: a container that has its project mounted writes there.
    const std::lock_guard lock(incoming->room_->mutex);
    incoming->room_->used = jobs::disk_use(held.get(), options_.bytes_of_caller);
  }
  if (!incoming->take(0)) {
    return too_much("its projects take as much as those of one caller may",
                    "DELETE /api/v1/envs/{project} removes one");
  }
  TRY(make_directory(incoming->path()));
  return incoming;
}

Result<void> EnvPlaces::replace_context(Incoming& incoming) {
  const std::string to = context(incoming.name_);
  const unsigned how = has_context(incoming.name_) ? RENAME_EXCHANGE : RENAME_NOREPLACE;
  Room& room = *incoming.room_;
  const std::lock_guard lock(room.mutex);
  if (::renameat2(AT_FDCWD, incoming.path().c_str(), AT_FDCWD, to.c_str(), how) != 0) {
    return std::unexpected(system_error(std::string(kWhat), to));
  }
  room.used += incoming.taken_;
  room.promised -= std::exchange(incoming.taken_, 0);
  return {};
}

std::unique_ptr<EnvPlaces::Turn> EnvPlaces::take_turn(const EnvName& name) {
  const std::lock_guard lock(mutex_);
  if (!turns_.try_emplace(name).second) return nullptr;
  return std::make_unique<Turn>(*this, name);
}

void EnvPlaces::name_turn(const EnvName& name, const std::string& run) {
  const std::lock_guard lock(mutex_);
  if (const auto turn = turns_.find(name); turn != turns_.end()) turn->second = run;
}

std::string EnvPlaces::turn_of(const EnvName& name) const {
  const std::lock_guard lock(mutex_);
  const auto turn = turns_.find(name);
  return turn == turns_.end() ? std::string() : turn->second;
}

void EnvPlaces::end_turn(const EnvName& name) {
  const std::lock_guard lock(mutex_);
  turns_.erase(name);
}

}  // namespace cordon::server
