#include "store/journal.h"

#include <gtest/gtest.h>
#include <sys/resource.h>

#include <atomic>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <string>
#include <thread>
#include <vector>

#include "store/testing/temporary_directory.h"

namespace cordon::store {
namespace {

using cordon::testing::TemporaryDirectory;

Result<void> refuse(std::span<const JournalEntry>) {
  return std::unexpected(Error{.code = ErrorCode::ResourceExhausted,
                               .operation = "settle",
                               .subject = {},
                               .sys_errno = 0,
                               .detail = "full",
                               .remedy = {}});
}

class JournalTest : public ::testing::Test {
 protected:
  JournalTest() : path_(directory_.path("ended")) { std::ofstream(path_).flush(); }

  std::unique_ptr<Journal> open(std::int64_t settled = 0) const {
    auto journal = Journal::open(path_, settled);
    EXPECT_TRUE(journal) << journal.error().message();
    return std::move(*journal);
  }
  // What it hands out, and the number of the last.
  static std::string taken(Journal& journal, std::int64_t* last = nullptr) {
    std::string all;
    EXPECT_TRUE(journal.settle([&](std::span<const JournalEntry> entries) -> Result<void> {
      for (const auto& entry : entries) all += entry.bytes + ";";
      if (last != nullptr) *last = entries.back().number;
      return {};
    }));
    return all;
  }
  std::string bytes() const {
    std::ifstream file(path_, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
  }
  void write(std::string_view bytes) const {
    std::ofstream(path_, std::ios::binary).write(bytes.data(), static_cast<long>(bytes.size()));
  }

  TemporaryDirectory directory_;
  std::string path_;
};

TEST_F(JournalTest, HandsOutOnceWhatItWasGiven) {
  const auto journal = open();
  ASSERT_TRUE(journal->append("a"));
  ASSERT_TRUE(journal->append(""));
  EXPECT_EQ(journal->waiting(), 2U);
  std::int64_t last = 0;
  EXPECT_EQ(taken(*journal, &last), "a;;");
  EXPECT_EQ(last, 2);
  EXPECT_EQ(journal->waiting(), 0U);
  EXPECT_EQ(taken(*journal), "");
  EXPECT_EQ(std::filesystem::file_size(path_), 0U);
}

TEST_F(JournalTest, TheNextProcessFindsWhatWasNotSettled) {
  {
    const auto journal = open();
    ASSERT_TRUE(journal->append("a"));
    ASSERT_TRUE(journal->append("b"));
    ASSERT_TRUE(journal->append("c"));
  }
  // Killed between the database's commit and the journal's end: what is settled is not so again.
  const auto journal = open(2);
  std::int64_t last = 0;
  EXPECT_EQ(taken(*journal, &last), "c;");
  EXPECT_EQ(last, 3);
  ASSERT_TRUE(journal->append("d"));
  EXPECT_EQ(taken(*journal, &last), "d;");
  EXPECT_EQ(last, 4);
}

TEST_F(JournalTest, NumbersGoOnWhenItIsEmpty) {
  const auto journal = open(41);
  ASSERT_TRUE(journal->append("a"));
  std::int64_t last = 0;
  EXPECT_EQ(taken(*journal, &last), "a;");
  EXPECT_EQ(last, 42);
}

TEST_F(JournalTest, WhatWasCutOffAnywhereHidesNothingBeforeOrBehind) {
  {
    const auto journal = open();
    ASSERT_TRUE(journal->append("first"));
    ASSERT_TRUE(journal->append("second"));
  }
  const std::string whole = bytes();
  const std::size_t first = whole.size() / 2 - 1;  // the end of the first entry, or near it
  for (std::size_t size = 0; size < whole.size(); ++size) {
    write(std::string_view(whole).substr(0, size));
    const auto journal = open();
    ASSERT_TRUE(journal->append("behind"));
    const std::string found = taken(*open());
    EXPECT_TRUE(found == "behind;" || found == "first;behind;") << size << ": " << found;
    if (size > first + 1) EXPECT_EQ(found, "first;behind;") << size;
  }
}

TEST_F(JournalTest, WhatIsDamagedIsNotBelieved) {
  {
    const auto journal = open();
    ASSERT_TRUE(journal->append("first"));
    ASSERT_TRUE(journal->append("second"));
  }
  const std::string whole = bytes();
  ASSERT_EQ(taken(*open()), "first;second;") << "control";
  for (std::size_t i = 0; i < whole.size(); ++i) {
    std::string damaged = whole;
    damaged[i] = static_cast<char>(damaged[i] ^ 0x40);
    write(damaged);
    const std::string found = taken(*open());
    EXPECT_TRUE(found.empty() || found == "first;") << i << ": " << found;
  }
}

TEST_F(JournalTest, WhatCannotBeSettledStaysInOrder) {
  const auto journal = open();
  ASSERT_TRUE(journal->append("a"));
  EXPECT_FALSE(journal->settle(refuse));
  ASSERT_TRUE(journal->append("b"));
  EXPECT_FALSE(journal->settle([&](std::span<const JournalEntry> entries) {
    EXPECT_TRUE(journal->append("c"));  // meanwhile
    return refuse(entries);
  }));
  EXPECT_EQ(journal->waiting(), 3U);
  EXPECT_EQ(taken(*journal), "a;b;c;");
}

TEST_F(JournalTest, WhatDoesNotFitLeavesWhatWasThere) {
  const auto journal = open();
  ASSERT_TRUE(journal->append("first"));
  rlimit before{};
  ASSERT_EQ(::getrlimit(RLIMIT_FSIZE, &before), 0);
  rlimit small = before;
  small.rlim_cur = bytes().size() + 40;  // a piece of the next one fits
  auto* const handler = ::signal(SIGXFSZ, SIG_IGN);
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &small), 0);
  const auto refused = journal->append(std::string(100, 'x'));
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &before), 0);
  ::signal(SIGXFSZ, handler);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::ResourceExhausted);
  ASSERT_TRUE(journal->append("second"));
  EXPECT_EQ(taken(*open()), "first;second;");
}

TEST_F(JournalTest, ManyThreadsLoseNothing) {
  const auto journal = open();
  constexpr int kThreads = 4;
  constexpr int kEach = 500;
  std::atomic<int> settled = 0;
  const auto take = [&](std::span<const JournalEntry> entries) -> Result<void> {
    settled += static_cast<int>(entries.size());
    return {};
  };
  std::vector<std::jthread> threads;
  for (int t = 0; t < kThreads; ++t) {
    threads.emplace_back([&] {
      for (int i = 0; i < kEach; ++i) {
        EXPECT_TRUE(journal->append("x"));
        if (i % 7 == 0) EXPECT_TRUE(journal->settle(take));
      }
    });
  }
  threads.clear();
  EXPECT_TRUE(journal->settle(take));
  EXPECT_EQ(settled, kThreads * kEach);
  EXPECT_EQ(std::filesystem::file_size(path_), 0U);
}

}  // namespace
}  // namespace cordon::store
