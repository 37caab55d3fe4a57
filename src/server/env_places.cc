#include "server/env_places.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
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
  places->clear_graves();
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

Result<void> EnvPlaces::remove(const EnvName& name) {
  // Its words first: where this is killed after that, open() removes the rest.
  const std::string words = path(name, kWords);
  if (::unlink(words.c_str()) != 0 && errno != ENOENT) {
    return std::unexpected(system_error("forget the environment", words));
  }
  return bury(context(name));
}

Result<void> EnvPlaces::bury(const std::string& path) {
  const std::string grave = fmt::format("{}/{}/{}", options_.directory, kGraves, TRY(make_id()));
  if (::rename(path.c_str(), grave.c_str()) == 0 || errno == ENOENT) return {};
  return std::unexpected(system_error(std::string(kWhat), path));
}

void EnvPlaces::clear_graves() {
  const std::string graves = fmt::format("{}/{}", options_.directory, kGraves);
  for (const std::string& grave : names_in(graves)) {
    (void)remove_tree(fmt::format("{}/{}", graves, grave));
  }
}

std::string EnvPlaces::context(const EnvName& name) const { return path(name, kContext); }

std::string EnvPlaces::incoming(const EnvName& name) const { return path(name, kIncoming); }

bool EnvPlaces::has_context(const EnvName& name) const {
  return ::access(context(name).c_str(), F_OK) == 0;
}

Result<EnvPlaces::Incoming> EnvPlaces::make_incoming(const EnvName& name) {
  const std::string directory = owner_dir(options_.directory, name.owner);
  TRY(make_directory(directory));
  const std::string contexts = fmt::format("{}/{}", directory, kContext);
  TRY(make_directory(contexts));
  TRY(make_directory(fmt::format("{}/{}", directory, kIncoming)));
  Incoming incoming{.path = path(name, kIncoming), .most_bytes = 0};
  TRY(bury(incoming.path));
  const UniqueFd held(::open(contexts.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!held.valid()) return std::unexpected(system_error(std::string(kWhat), contexts));
  const std::uint64_t used = jobs::disk_use(held.get(), options_.bytes_of_caller);
  if (used >= options_.bytes_of_caller) {
    return too_much("its projects take as much as those of one caller may",
                    "DELETE /api/v1/envs/{project} removes one");
  }
  incoming.most_bytes = options_.bytes_of_caller - used;
  TRY(make_directory(incoming.path));
  return incoming;
}

Result<void> EnvPlaces::replace_context(const EnvName& name) {
  const std::string from = path(name, kIncoming);
  const std::string to = context(name);
  const unsigned how = has_context(name) ? RENAME_EXCHANGE : RENAME_NOREPLACE;
  if (::renameat2(AT_FDCWD, from.c_str(), AT_FDCWD, to.c_str(), how) != 0) {
    return std::unexpected(system_error(std::string(kWhat), to));
  }
  drop_incoming(name);
  return {};
}

void EnvPlaces::drop_incoming(const EnvName& name) {
  if (bury(path(name, kIncoming))) clear_graves();
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
