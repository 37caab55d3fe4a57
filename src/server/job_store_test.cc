#include "server/job_store.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "server/file_source.h"
#include "server/upload_spool.h"

namespace cordon::server {
namespace {

using testing::ElementsAre;

class Stored : public testing::Test {
 protected:
  Stored() {
    std::string name = testing::TempDir() + "/cordon-jobs-XXXXXX";
    root_ = ::mkdtemp(name.data());
  }
  ~Stored() override { std::filesystem::remove_all(root_); }

  std::unique_ptr<JobStore> open(std::uint64_t quota = 1000, std::size_t most_jobs = 10,
                                 std::chrono::nanoseconds lifetime = std::chrono::hours(1)) {
    return *JobStore::open({.directory = root_ + "/jobs",
                            .lifetime = lifetime,
                            .quota = quota,
                            .most_jobs = most_jobs});
  }
  static void leave(JobStore& store, const std::string& id, std::size_t bytes,
                    const JobStore::Owner& owner = {"key:a"}) {
    ASSERT_TRUE(store.add(id, owner));
    const auto tar = store.make_tar(id);
    ASSERT_TRUE(tar);
    const std::string content(bytes, 't');
    ASSERT_EQ(::write(tar->get(), content.data(), bytes), static_cast<ssize_t>(bytes));
    ASSERT_TRUE(store.keep(id, "{}"));
  }

  std::string root_;
};

TEST_F(Stored, WhatWasWholeIsThereAfterAKillAndWhatWasHalfIsNot) {
  {
    const auto kept = open();
    JobStore& store = *kept;
    leave(store, "1-whole", 10);
    ASSERT_TRUE(store.add("2-half", {"key:a"}));
    ASSERT_TRUE(store.make_tar("2-half"));
    EXPECT_FALSE(store.tar("2-half")) << "it is being written";
  }
  const auto kept = open();
  JobStore& store = *kept;
  EXPECT_THAT(store.ids({}), ElementsAre("2-half", "1-whole"));
  EXPECT_THAT(store.ids("2-half"), ElementsAre("1-whole"));
  EXPECT_EQ(store.words("1-whole"), "{}");
  EXPECT_TRUE(store.tar("1-whole"));
  EXPECT_FALSE(store.words("2-half"));
  EXPECT_THAT(std::filesystem::exists(root_ + "/jobs/2-half/artifacts.tar"), false);
}

TEST_F(Stored, ManyJobsOfOneThrowOutNobodyElses) {
  const auto store = open(1000, 3);
  leave(*store, "1", 10, {"key:quiet"});
  for (const char* const id : {"2", "3", "4", "5"}) leave(*store, id, 10, {"key:busy"});
  EXPECT_TRUE(store->words("1"));
  EXPECT_THAT(store->ids({}), ElementsAre("5", "4", "1"));
}

TEST_F(Stored, TheOldestGoesWhereThereIsNoRoom) {
  const auto kept = open(100, 3);
  JobStore& store = *kept;
  for (const char* const id : {"1", "2", "3"}) leave(store, id, 40);
  EXPECT_FALSE(store.words("1"));
  EXPECT_TRUE(store.contains("1")) << "that there was a job is known";
  EXPECT_TRUE(store.words("2"));
  leave(store, "4", 10);
  EXPECT_FALSE(store.contains("1"));
  EXPECT_FALSE(std::filesystem::exists(root_ + "/jobs/1"));
  store.remove("4");
  EXPECT_THAT(store.ids({}), ElementsAre("3", "2"));
}

TEST_F(Stored, WhatThereIsToSayOfAJobCountsToo) {
  const auto kept = open(100);
  JobStore& store = *kept;
  leave(store, "1", 10);
  leave(store, "2", 10);
  EXPECT_TRUE(store.words("1")) << "control";
  ASSERT_TRUE(store.add("3", {"key:a"}));
  ASSERT_TRUE(store.make_tar("3"));
  ASSERT_TRUE(store.keep("3", std::string(85, ' ')));
  EXPECT_FALSE(store.words("1"));
  EXPECT_TRUE(store.words("2"));
  EXPECT_TRUE(store.words("3"));
}

TEST_F(Stored, OfAnOwnerWithAQuotaItsOwnOldestGo) {
  const auto kept = open(10'000);
  JobStore& store = *kept;
  const JobStore::Owner small{"key:small", 100};
  EXPECT_EQ(store.most_bytes(small), 25U);
  EXPECT_EQ(store.most_bytes({"key:a"}), 2500U);
  leave(store, "1-others", 90);
  leave(store, "2", 40, small);
  leave(store, "3", 40, small);
  EXPECT_TRUE(store.words("2")) << "control";
  leave(store, "4", 40, small);
  EXPECT_FALSE(store.words("2"));
  EXPECT_TRUE(store.words("3"));
  EXPECT_TRUE(store.words("4"));
  EXPECT_TRUE(store.words("1-others")) << "older, and somebody else's";
}

TEST_F(Stored, WhoseItIsIsKnownAfterTheNextStart) {
  const JobStore::Owner small{"key:small", 100};
  leave(*open(), "1", 60, small);
  const auto kept = open();
  EXPECT_TRUE(kept->words("1")) << "control";
  leave(*kept, "2", 60, small);
  EXPECT_FALSE(kept->words("1"));
}

TEST_F(Stored, ADownloadKeepsNoRoomOfWhatIsRemoved) {
  const auto kept = open(10'000);
  leave(*kept, "1", 500);
  auto tar = kept->tar("1");
  ASSERT_TRUE(tar);
  struct stat status{};
  ASSERT_EQ(::fstat(tar->get(), &status), 0);
  EXPECT_GT(status.st_blocks, 0) << "control";
  FileSource source(*std::move(tar), 0, 500);
  UniqueFd same(::fcntl(kept->tar("1")->get(), F_DUPFD_CLOEXEC, 0));
  kept->remove("1");
  ASSERT_EQ(::fstat(same.get(), &status), 0);
  EXPECT_EQ(status.st_blocks, 0);
  const auto piece = source.next();
  EXPECT_TRUE(piece.broken && !piece.ended) << "and it is told";
}

TEST_F(Stored, GoesWithItsTimeAndWithItsRecord) {
  const auto kept = open(1000, 10, std::chrono::nanoseconds(1));
  JobStore& store = *kept;
  leave(store, "known", 10);
  leave(store, "unknown", 10);
  // Made in the second that the directory was.
  std::filesystem::last_write_time(root_ + "/jobs/known", std::filesystem::file_time_type::min());
  store.sweep([](const std::string& id) { return id == "known"; });
  EXPECT_THAT(store.ids({}), ElementsAre("known"));
  EXPECT_FALSE(store.words("known"));
}

TEST_F(Stored, OnlyKnownIdsArePaths) {
  const auto kept = open();
  JobStore& store = *kept;
  std::ofstream(root_ + "/job.json") << "secret";
  for (const char* const id : {"..", ".", "", "/etc", "../jobs"}) {
    EXPECT_FALSE(store.words(id)) << id;
    EXPECT_FALSE(store.tar(id)) << id;
  }
  EXPECT_EQ(std::filesystem::exists(root_ + "/job.json"), true);
}

TEST_F(Stored, UploadsHaveNoNamesAndTheirRoomIsGivenBack) {
  UploadSpool spool(root_, {.file_bytes = 10, .caller_bytes = 15, .bytes = 20});
  auto first = *spool.open("a");
  ASSERT_TRUE(first->append("0123456789"));
  EXPECT_EQ(first->append("x").error().code, ErrorCode::InvalidArgument);
  auto second = *spool.open("a");
  ASSERT_TRUE(second->append("01234"));
  EXPECT_EQ(second->append("5").error().code, ErrorCode::QuotaExceeded);
  auto other = *spool.open("b");
  ASSERT_TRUE(other->append("01234"));
  EXPECT_EQ(other->append("5").error().code, ErrorCode::Unavailable);
  EXPECT_THAT(std::filesystem::is_empty(root_), true);
  first.reset();
  EXPECT_TRUE(other->append("56789")) << "room that was given back";
}

}  // namespace
}  // namespace cordon::server
