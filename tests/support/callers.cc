#include "support/callers.h"

#include <sys/stat.h>
#include <unistd.h>

#include "support/leftovers.h"
#include "support/paths.h"

namespace cordon::test {

std::string name_of(Caller caller) {
  switch (caller) {
    case Caller::Root:
      return "Root";
    case Caller::User:
      return "User";
    case Caller::Degraded:
      return "Degraded";
  }
  return "Unknown";
}

void CallerTest::prepare(Caller caller) {
  caller_ = caller;
  if (caller == Caller::Root && geteuid() != 0) CORDON_SKIP("needs root: the tests run as a user");
  if (caller != Caller::Root && !ordinary_user_has_namespaces()) {
    // The degraded caller is made by forbidding namespaces inside one.
    CORDON_SKIP("this host forbids user namespaces to ordinary users");
  }
  user_ = caller == Caller::Root ? 0 : ordinary_user();
  // Once for all, so that a test that counts descriptors does not count this one.
  if (caller == Caller::Degraded) forbidding_namespace(user_);
  temp_ = std::make_unique<TempDir>(user_);
  caller_dir(work());
  caller_dir(outside());
  // Copies: the build directory may be one that an ordinary user cannot enter.
  caller_dir(*temp_ / "bin");
  guest_ = *temp_ / "bin/guest";
  copy_program(guest_program(), guest_);
  cordon_ = *temp_ / "bin/cordon";
  copy_program(cordon_program(), cordon_);
  give_to(cordon_, user_);
}

void CallerTest::TearDown() {
  if (caller_ == Caller::Root || !temp_ || temp_files_of(user_).empty()) return;
  // What died a moment ago may still hold its lock: the sweep of a later run finds it free.
  const bool swept = eventually([&] {
    sandbox({}, {"true"});
    return temp_files_of(user_).empty();
  });
  // A user of the tests' own has no other run; one who runs the tests by hand may.
  if (geteuid() == 0) EXPECT_TRUE(swept) << "private directories of killed runs stay";
}

void CallerTest::caller_file(const std::string& path, std::string_view content, mode_t mode) const {
  write_file(path, content, mode);
  give_to(path, user_);
}

void CallerTest::caller_dir(const std::string& path, mode_t mode) const {
  make_dir(path, mode);
  give_to(path, user_);
}

Invocation CallerTest::plain_invocation(const Arguments& command) const {
  Invocation result;
  result.argv = command;
  result.directory = work();
  result.user = user_;
  result.identity = caller_ == Caller::Root   ? Identity::Own
                    : caller_ == Caller::User ? Identity::User
                                              : Identity::UserWithoutNamespaces;
  return result;
}

Invocation CallerTest::invocation(const Arguments& options, const Arguments& command) const {
  Arguments argv{cordon_, "run"};
  if (caller_ == Caller::Degraded) argv.emplace_back("--allow-degraded");
  argv.insert(argv.end(), {"--read", guest_});
  argv.insert(argv.end(), options.begin(), options.end());
  argv.emplace_back("--");
  argv.insert(argv.end(), command.begin(), command.end());
  return plain_invocation(argv);
}

Outcome CallerTest::sandbox(const Arguments& options, const Arguments& command) const {
  return run(invocation(options, command));
}

Arguments CallerTest::guest_command(Arguments guest_and_arguments) const {
  guest_and_arguments.insert(guest_and_arguments.begin(), guest_);
  return guest_and_arguments;
}

Outcome CallerTest::sandbox_guest(const Arguments& options, Arguments guest_and_arguments) const {
  return sandbox(options, guest_command(std::move(guest_and_arguments)));
}

Outcome CallerTest::plain(const Arguments& command) const { return run(plain_invocation(command)); }

Outcome CallerTest::plain_guest(Arguments guest_and_arguments) const {
  return plain(guest_command(std::move(guest_and_arguments)));
}

boost::json::object CallerTest::json(const Arguments& options, const Arguments& command) const {
  Arguments all{"--json"};
  all.insert(all.end(), options.begin(), options.end());
  const Outcome outcome = sandbox(all, command);
  boost::json::object result = parse_object(outcome.out);
  EXPECT_FALSE(result.empty()) << describe(outcome);
  return result;
}

boost::json::object CallerTest::json_guest(const Arguments& options,
                                           Arguments guest_and_arguments) const {
  return json(options, guest_command(std::move(guest_and_arguments)));
}

boost::json::object parse_object(const std::string& text) {
  boost::json::error_code error;
  const boost::json::value value = boost::json::parse(text, error);
  return error || !value.is_object() ? boost::json::object{} : value.as_object();
}

std::string text(const boost::json::object& object, std::string_view key) {
  const boost::json::value* value = object.if_contains(key);
  return value != nullptr && value->is_string() ? std::string(value->as_string()) : std::string();
}

std::int64_t number(const boost::json::object& object, std::string_view key) {
  const boost::json::value* value = object.if_contains(key);
  if (value == nullptr) return -1;
  boost::json::error_code error;
  const auto result = value->to_number<std::int64_t>(error);
  return error ? -1 : result;
}

namespace {

std::string in_guarantee(const boost::json::object& result, std::string_view guarantee,
                         std::string_view key) {
  const boost::json::value* list = result.if_contains("guarantees");
  if (list == nullptr || !list->is_array()) return {};
  for (const boost::json::value& item : list->as_array()) {
    if (item.is_object() && text(item.as_object(), "name") == guarantee) {
      return text(item.as_object(), key);
    }
  }
  return {};
}

}  // namespace

std::string strength(const boost::json::object& result, std::string_view guarantee) {
  return in_guarantee(result, guarantee, "strength");
}

std::string mechanism(const boost::json::object& result, std::string_view guarantee) {
  return in_guarantee(result, guarantee, "mechanism");
}

}  // namespace cordon::test
