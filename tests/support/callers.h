// The kinds of caller that the native backend serves, and a fixture that runs Cordon as one of
// them.
#pragma once

#include <gtest/gtest.h>

#include <boost/json.hpp>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "support/identity.h"
#include "support/program.h"
#include "support/skip.h"
#include "support/temp_dir.h"

namespace cordon::test {

enum class Caller {
  Root,
  User,
  Degraded,  // an ordinary user whose host forbids user namespaces, with --allow-degraded
};

std::string name_of(Caller caller);
inline void PrintTo(Caller caller, std::ostream* stream) { *stream << name_of(caller); }
// Every caller, or those that can hold what is tested.
inline auto all_callers() {
  return ::testing::Values(Caller::Root, Caller::User, Caller::Degraded);
}
inline auto full_callers() { return ::testing::Values(Caller::Root, Caller::User); }
inline std::string caller_name(const ::testing::TestParamInfo<Caller>& info) {
  return name_of(info.param);
}

using Arguments = std::vector<std::string>;

// Per test: a directory with `work` (the sandbox's own) and `outside` (the host's), both the
// caller's.
class CallerTest : public ::testing::Test {
 protected:
  void prepare(Caller caller);
  // What a killed supervisor could not remove, the next run of the same user does.
  void TearDown() override;

  Caller caller() const { return caller_; }
  uid_t user() const { return user_; }
  std::string work() const { return *temp_ / "work"; }
  std::string outside() const { return *temp_ / "outside"; }
  const std::string& guest() const { return guest_; }
  const std::string& cordon() const { return cordon_; }
  // A file of the caller's, made and owned by it.
  void caller_file(const std::string& path, std::string_view content, mode_t mode = 0644) const;
  void caller_dir(const std::string& path, mode_t mode = 0755) const;

  // `cordon run OPTIONS -- COMMAND`, as the caller, in its work directory.
  Invocation invocation(const Arguments& options, const Arguments& command) const;
  Outcome sandbox(const Arguments& options, const Arguments& command) const;
  // The same with a guest of ours as the command.
  Outcome sandbox_guest(const Arguments& options, Arguments guest_and_arguments) const;
  Arguments guest_command(Arguments guest_and_arguments) const;
  // The same program, by the same caller, without Cordon.
  Invocation plain_invocation(const Arguments& command) const;
  Outcome plain(const Arguments& command) const;
  Outcome plain_guest(Arguments guest_and_arguments) const;
  // The result of `cordon run --json`; an empty object, and a failure, when it is not JSON.
  boost::json::object json(const Arguments& options, const Arguments& command) const;
  boost::json::object json_guest(const Arguments& options, Arguments guest_and_arguments) const;

 private:
  Caller caller_ = Caller::Root;
  uid_t user_ = 0;
  std::unique_ptr<TempDir> temp_;
  std::string cordon_;
  std::string guest_;
};

class EveryCaller : public CallerTest, public ::testing::WithParamInterface<Caller> {
 protected:
  void SetUp() override { prepare(GetParam()); }
};

boost::json::object parse_object(const std::string& text);
// A member as text or number; "" or -1 when it is absent.
std::string text(const boost::json::object& object, std::string_view key);
std::int64_t number(const boost::json::object& object, std::string_view key);
// enforced, partial, absent; "" when the guarantee is not in the list.
std::string strength(const boost::json::object& result, std::string_view guarantee);
std::string mechanism(const boost::json::object& result, std::string_view guarantee);

}  // namespace cordon::test
