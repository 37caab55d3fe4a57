// A Manager over a backend without walls, and requests for it.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "cordon/manager.h"
#include "sandbox/testing/fake_backend.h"

namespace cordon::testing {

inline const Caller kAlice = {.name = "alice"};
inline const Caller kBob = {.name = "bob"};
inline const Caller kRoot = {.name = "root", .role = CallerRole::Administrator};

inline ManagedRequest script(const std::string& text) {
  ManagedRequest request;
  request.execution.command = "/bin/sh";
  request.execution.args = {"-c", text};
  request.execution.work_dir = "/";
  return request;
}

// Until it runs, whatever that takes.
inline void await_running(const Manager& manager, const std::string& id, const Caller& caller) {
  while (true) {
    const auto status = manager.status(id, caller);
    ASSERT_TRUE(status) << status.error().message();
    if ((*status)->status != ExecutionStatus::Pending) return;
    std::this_thread::yield();
  }
}

struct ManagerFixture {
  explicit ManagerFixture(ManagerConfig config = {}, std::shared_ptr<store::Store> store = {})
      : ManagerFixture(std::move(config), std::move(store), std::make_unique<FakeBackend>()) {}
  ManagerFixture(ManagerConfig config, std::shared_ptr<store::Store> store,
                 std::unique_ptr<FakeBackend> one)
      : backend(one.get()), manager([&] {
          std::vector<std::unique_ptr<Backend>> backends;
          backends.push_back(std::move(one));
          auto made = Manager::create(std::move(config), std::move(store), std::move(backends));
          if (!made) {
            ADD_FAILURE() << made.error().message();
            std::abort();
          }
          return std::move(*made);
        }()) {}

  std::string start(ManagedRequest request, const Caller& caller = kAlice) {
    auto id = manager.start(std::move(request), caller);
    if (id) return *id;
    ADD_FAILURE() << id.error().message();
    return {};
  }
  SharedResult wait(const std::string& id) {
    auto result = manager.wait(id, kRoot);
    if (result) return *result;
    ADD_FAILURE() << result.error().message();
    return std::make_shared<const ExecutionResult>();
  }

  FakeBackend* backend;
  Manager manager;
};

}  // namespace cordon::testing
