// Real tools with their packs, in a sandbox whose caller has a home directory with caches and
// secrets in it.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "support/callers.h"

namespace cordon::test {

class ToolTest : public EveryCaller {
 protected:
  void SetUp() override;

  const std::string& home() const { return home_; }
  // The script runs with `sh -e` in the work directory and must say "all fine" as its last words.
  void expect_works(const Arguments& options, const std::string& script) const;
  Outcome inside(const Arguments& options, const std::string& script) const;
  // The same caller with the same home, without Cordon: what a test prepares.
  void on_the_host(const std::string& script) const;
  bool host_has(const std::string& program) const;
  // Instead of one of the test's own.
  void use_home(std::string path) { home_ = std::move(path); }
  // In the environment of the caller, from here on.
  void set_variable(std::string name, std::string value) {
    variables_.emplace_back(std::move(name), std::move(value));
  }
  // Programs of the host before `cordon`, with arguments of their own: they run what follows.
  void run_through(Arguments wrapper) { wrapper_ = std::move(wrapper); }

 private:
  Invocation with_home(Invocation invocation) const;

  std::string home_;
  std::vector<std::pair<std::string, std::string>> variables_;
  Arguments wrapper_;
};

#define NEEDS(PROGRAM) \
  if (!host_has(PROGRAM)) CORDON_SKIP(std::string("not installed on this host: ") + (PROGRAM))

}  // namespace cordon::test
