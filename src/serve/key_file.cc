#include "serve/key_file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <boost/json.hpp>
#include <charconv>
#include <iterator>
#include <utility>

#include "core/try.h"
#include "core/unique_fd.h"
#include "core/whole_file.h"

namespace cordon::serve {

namespace {

namespace json = boost::json;
using server::ApiKey;
using server::EnvironmentGrant;
using server::KeyHash;

constexpr std::size_t kMostBytes = 16 << 20;

std::string place(const std::string& state_dir) { return state_dir + "/keys.json"; }

std::unexpected<Error> damaged(const std::string& file) {
  return std::unexpected(invalid_argument("read the keys", file, "it is not as cordon wrote it"));
}

std::string hex_of(const KeyHash& hash) {
  std::string text;
  for (const std::uint8_t byte : hash) fmt::format_to(std::back_inserter(text), "{:02x}", byte);
  return text;
}

bool hash_of(std::string_view text, KeyHash& hash) {
  if (text.size() != 2 * hash.size()) return false;
  for (std::size_t i = 0; i < hash.size(); ++i) {
    const char* const begin = text.data() + 2 * i;
    if (std::from_chars(begin, begin + 2, hash[i], 16).ptr != begin + 2) return false;
  }
  return true;
}

std::optional<std::size_t> number_of(const json::object& object, std::string_view name) {
  const json::value* value = object.if_contains(name);
  if (!value || !value->is_int64() || value->get_int64() < 0) return std::nullopt;
  return static_cast<std::size_t>(value->get_int64());
}

std::string text_of(const json::object& object, std::string_view name) {
  const json::value* value = object.if_contains(name);
  return value && value->is_string() ? std::string(value->get_string()) : std::string();
}

Result<std::string> read_file(const std::string& file) {
  const UniqueFd fd(::open(file.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW));
  if (!fd.valid()) {
    if (errno == ENOENT) return std::string();
    return std::unexpected(system_error("read the keys", file));
  }
  struct stat status{};
  if (::fstat(fd.get(), &status) < 0) return std::unexpected(system_error("read the keys", file));
  // Who can write there can make keys.
  if ((status.st_mode & 022) != 0 || (status.st_uid != ::geteuid() && status.st_uid != 0)) {
    return std::unexpected(Error{.code = ErrorCode::PermissionDenied,
                                 .operation = "read the keys",
                                 .subject = file,
                                 .sys_errno = 0,
                                 .detail = "somebody else may have written it",
                                 .remedy = "chmod 0600 " + file});
  }
  std::string text(std::min<std::size_t>(static_cast<std::size_t>(status.st_size), kMostBytes),
                   '\0');
  const ssize_t size = ::read(fd.get(), text.data(), text.size());
  if (size < 0) return std::unexpected(system_error("read the keys", file));
  text.resize(static_cast<std::size_t>(size));
  return text;
}

Result<void> write_keys(const std::string& state_dir, const std::vector<ApiKey>& keys) {
  json::array array;
  for (const ApiKey& key : keys) {
    json::object object{{"name", key.name}, {"sha256", hex_of(key.hash)}};
    if (key.max_running) object["running"] = *key.max_running;
    if (key.max_queued) object["queued"] = *key.max_queued;
    if (key.max_artifact_bytes) object["artifacts"] = *key.max_artifact_bytes;
    if (key.environments == EnvironmentGrant::Own) object["environments"] = "own";
    if (!key.policy.empty()) object["policy"] = key.policy;
    array.push_back(std::move(object));
  }
  const std::string text = json::serialize(json::object{{"keys", std::move(array)}}) + "\n";
  auto written = write_whole_file(place(state_dir), text);
  if (!written) return std::unexpected(std::move(written).error().in("keep the keys"));
  return {};
}

// One writer at a time.
Result<UniqueFd> lock_keys(const std::string& state_dir) {
  const std::string file = place(state_dir) + ".lock";
  UniqueFd fd(::open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (!fd.valid() || ::flock(fd.get(), LOCK_EX) < 0) {
    return std::unexpected(system_error("lock the keys", file));
  }
  return fd;
}

bool is_name(std::string_view name) {
  return !name.empty() && name.size() <= 64 && std::ranges::all_of(name, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
           c == '_' || c == '-';
  });
}

}  // namespace

Result<std::vector<ApiKey>> read_keys(const std::string& state_dir) {
  const std::string text = TRY(read_file(place(state_dir)));
  std::vector<ApiKey> keys;
  if (text.empty()) return keys;
  boost::system::error_code code;
  const json::value document = json::parse(text, code);
  const json::value* list =
      !code && document.is_object() ? document.get_object().if_contains("keys") : nullptr;
  if (!list || !list->is_array()) return damaged(place(state_dir));
  for (const json::value& item : list->get_array()) {
    if (!item.is_object()) return damaged(place(state_dir));
    const json::object& object = item.get_object();
    ApiKey key;
    key.name = text_of(object, "name");
    key.max_running = number_of(object, "running");
    key.max_queued = number_of(object, "queued");
    key.max_artifact_bytes = number_of(object, "artifacts");
    if (text_of(object, "environments") == "own") key.environments = EnvironmentGrant::Own;
    key.policy = text_of(object, "policy");
    if (!is_name(key.name) || !hash_of(text_of(object, "sha256"), key.hash)) {
      return damaged(place(state_dir));
    }
    keys.push_back(std::move(key));
  }
  return keys;
}

Result<void> add_key(const std::string& state_dir, ApiKey key) {
  if (!is_name(key.name)) {
    return std::unexpected(invalid_argument("add the key", key.name.substr(0, 100),
                                            "a name has 1 to 64 of A-Z a-z 0-9 . _ -"));
  }
  const UniqueFd lock = TRY(lock_keys(state_dir));
  std::vector<ApiKey> keys = TRY(read_keys(state_dir));
  if (std::ranges::find(keys, key.name, &ApiKey::name) != keys.end()) {
    return std::unexpected(Error{.code = ErrorCode::Conflict,
                                 .operation = "add the key",
                                 .subject = key.name,
                                 .sys_errno = 0,
                                 .detail = "there is one of that name",
                                 .remedy = "cordon keys revoke " + key.name});
  }
  keys.push_back(std::move(key));
  return write_keys(state_dir, keys);
}

Result<void> revoke_key(const std::string& state_dir, std::string_view name) {
  const UniqueFd lock = TRY(lock_keys(state_dir));
  std::vector<ApiKey> keys = TRY(read_keys(state_dir));
  if (std::erase_if(keys, [&](const ApiKey& key) { return key.name == name; }) == 0) {
    return std::unexpected(Error{.code = ErrorCode::NotFound,
                                 .operation = "revoke the key",
                                 .subject = std::string(name),
                                 .sys_errno = 0,
                                 .detail = "there is no such key",
                                 .remedy = "cordon keys list"});
  }
  return write_keys(state_dir, keys);
}

}  // namespace cordon::serve
