#include "devenv/env_store.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/eventfd.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

namespace cordon::devenv {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using namespace std::chrono_literals;

const std::string kId = "0123456789abcdef";

class Store : public ::testing::Test {
 protected:
  Store() {
    char text[] = "/tmp/cordon-env-store-XXXXXX";
    root_ = ::mkdtemp(text);
  }
  ~Store() override { std::filesystem::remove_all(root_); }
  std::string directory() const { return root_ + "/a/b"; }
  EnvStore open() const {
    auto store = EnvStore::open(directory());
    EXPECT_TRUE(store) << (store ? "" : store.error().message());
    return *std::move(store);
  }
  static EnvRecord record() {
    EnvRecord made;
    made.env = {.id = kId,
                .project_dir = "/srv/\"p\n",
                .dockerfile = "Dockerfile",
                .image = "cordon-env/p:1",
                .image_id = "sha256:1",
                .key = "k",
                .built_at = std::chrono::system_clock::time_point(5s)};
    made.fingerprint = "f";
    made.content_hash = "c";
    return made;
  }
  std::string root_;
};

TEST_F(Store, RemembersWhatItWasTold) {
  const EnvStore store = open();
  EXPECT_FALSE(store.load(kId)->has_value());
  ASSERT_TRUE(store.save(record()));
  const auto loaded = store.load(kId);
  ASSERT_TRUE(loaded && *loaded);
  EXPECT_EQ((*loaded)->env.project_dir, "/srv/\"p\n");
  EXPECT_EQ((*loaded)->env.built_at, record().env.built_at);
  EXPECT_FALSE((*loaded)->env.stale);
  EXPECT_EQ((*loaded)->content_hash, "c");
  EXPECT_THAT(*store.ids(), ElementsAre(kId));
  struct stat status{};
  ASSERT_EQ(::stat((directory() + "/" + kId + ".json").c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777, 0600U);
  ASSERT_EQ(::stat(directory().c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777, 0700U);
  ASSERT_TRUE(store.forget(kId));
  EXPECT_THAT(*store.ids(), IsEmpty());
  EXPECT_TRUE(store.forget(kId));
}

TEST_F(Store, WhatCannotBeReadIsNothing) {
  const EnvStore store = open();
  for (const char* text : {"", "{", "[]", "{}", R"({"image":7})", "\xff"}) {
    std::ofstream(directory() + "/" + kId + ".json") << text;
    const auto loaded = store.load(kId);
    ASSERT_TRUE(loaded) << text;
    EXPECT_FALSE(*loaded) << text;
  }
  std::ofstream(directory() + "/../x.json") << "{}";
  std::ofstream(directory() + "/nonsense.json") << "{}";
  EXPECT_THAT(*store.ids(), ElementsAre(kId));
}

TEST_F(Store, ADirectoryThatOthersWriteToIsRefused) {
  open();
  ASSERT_EQ(::chmod(directory().c_str(), 0777), 0);
  EXPECT_EQ(EnvStore::open(directory()).error().code, ErrorCode::PermissionDenied);
  std::filesystem::remove_all(directory());
  std::filesystem::create_directory_symlink("/tmp", directory());
  EXPECT_FALSE(EnvStore::open(directory()));
  EXPECT_FALSE(EnvStore::open("relative"));
}

TEST_F(Store, OneHasTheLock) {
  const EnvStore store = open();
  auto first = store.lock(kId, 1s, -1);
  ASSERT_TRUE(first);
  EXPECT_EQ(store.lock(kId, 0s, -1).error().code, ErrorCode::Unavailable);
  const UniqueFd cancelled(::eventfd(1, 0));
  EXPECT_EQ(store.lock(kId, 100s, cancelled.get()).error().code, ErrorCode::Conflict);
  EXPECT_TRUE(store.lock("fedcba9876543210", 0s, -1));
  first->reset();
  EXPECT_TRUE(store.lock(kId, 1s, -1));
}

}  // namespace
}  // namespace cordon::devenv
