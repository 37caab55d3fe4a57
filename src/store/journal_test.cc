#include "store/journal.h"

#include <gtest/gtest.h>
#include <sys/resource.h>

#include <algorithm>
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

  // What an earlier one left goes to `left`, and the number of the last.
  std::unique_ptr<Journal> open(std::string* left = nullptr, std::int64_t settled = 0,
                                std::int64_t* last = nullptr) const {
    std::string found;
    auto journal = Journal::open(path_, settled, into(found, last));
    EXPECT_TRUE(journal) << journal.error().message();
    if (left != nullptr) *left = found;
    return std::move(*journal);
  }
  // What an earlier one left, which is settled.
  std::string left() const {
    std::string found;
    open(&found);
    return found;
  }
  static Journal::Settle into(std::string& all, std::int64_t* last = nullptr) {
    return [&all, last](std::span<const JournalEntry> entries) -> Result<void> {
      for (const auto& entry : entries) all += entry.bytes + ";";
      if (last != nullptr) *last = entries.back().number;
      return {};
    };
  }
  bool put_aside() const { return std::filesystem::exists(path_ + ".damaged"); }
  // What it hands out, and the number of the last.
  static std::string taken(Journal& journal, std::int64_t* last = nullptr) {
    std::string all;
    EXPECT_TRUE(journal.settle(into(all, last)));
    return all;
  }
  std::string bytes(const std::string& suffix = {}) const {
    std::ifstream file(path_ + suffix, std::ios::binary);
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
  std::string left;
  std::int64_t last = 0;
  const auto journal = open(&left, 2, &last);
  EXPECT_EQ(left, "c;");
  EXPECT_EQ(last, 3);
  ASSERT_TRUE(journal->append("d"));
  EXPECT_EQ(taken(*journal, &last), "d;");
  EXPECT_EQ(last, 4);
}

TEST_F(JournalTest, NumbersGoOnWhenItIsEmpty) {
  const auto journal = open(nullptr, 41);
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
  const std::size_t first = (whole.size() - 1) / 2 - 1;  // the last byte of the first entry
  for (std::size_t size = 0; size < whole.size(); ++size) {
    write(std::string_view(whole).substr(0, size));
    std::string found;
    ASSERT_TRUE(open(&found)->append("behind"));
    EXPECT_EQ(found, size > first ? "first;" : "") << size;
    EXPECT_EQ(left(), "behind;") << size;
    EXPECT_FALSE(put_aside()) << "a kill is no damage: " << size;
  }
}

TEST_F(JournalTest, WhatIsDamagedIsNotBelievedAndPutAside) {
  {
    const auto journal = open();
    ASSERT_TRUE(journal->append("first"));
    ASSERT_TRUE(journal->append("second"));
  }
  const std::string whole = bytes();
  ASSERT_EQ(left(), "first;second;") << "control";
  ASSERT_FALSE(put_aside()) << "control";
  for (std::size_t i = 0; i < 8 * whole.size(); ++i) {
    std::string damaged = whole;
    damaged[i / 8] = static_cast<char>(damaged[i / 8] ^ (1 << i % 8));
    write(damaged);
    std::string found;
    const auto journal = open(&found);
    EXPECT_TRUE(found.empty() || found == "first;") << i << ": " << found;
    EXPECT_EQ(bytes(".damaged"), damaged) << i;  // in place of the one before
    ASSERT_TRUE(journal->append("behind"));
    EXPECT_EQ(left(), "behind;") << i;
  }
  const auto others = std::filesystem::perms::group_all | std::filesystem::perms::others_all;
  EXPECT_EQ(std::filesystem::status(path_).permissions() & others, std::filesystem::perms::none);
}

TEST_F(JournalTest, WhatIsDamagedStaysUntilWhatIsBeforeItIsSettled) {
  ASSERT_TRUE(open()->append("first"));
  const std::string damaged = bytes() + std::string(100, 'x');
  write(damaged);
  EXPECT_FALSE(Journal::open(path_, 0, refuse));
  EXPECT_EQ(bytes(), damaged);
  EXPECT_FALSE(put_aside());
  EXPECT_EQ(left(), "first;");
  EXPECT_TRUE(put_aside());
}

TEST_F(JournalTest, AFileOfAnySizeIsReadInPieces) {
  std::string expected;
  {
    const auto journal = open();
    // No end of an entry where a piece ends.
    for (int i = 0; i < 100; ++i) {
      const std::string entry(i % 2 == 0 ? Journal::kMostBytes : 7,
                              static_cast<char>('a' + i % 26));
      ASSERT_TRUE(journal->append(entry));
      expected += entry + ";";
    }
    EXPECT_EQ(journal->append(std::string(Journal::kMostBytes + 1, 'x')).error().code,
              ErrorCode::InvalidArgument);
  }
  constexpr std::uintmax_t kHuge = 64ULL << 30;  // and nearly all of it a hole
  std::filesystem::resize_file(path_, kHuge);
  std::string found;
  std::size_t most_at_a_time = 0;
  const auto journal =
      Journal::open(path_, 0, [&](std::span<const JournalEntry> entries) -> Result<void> {
        most_at_a_time = std::max(most_at_a_time, entries.size());
        return into(found)(entries);
      });
  ASSERT_TRUE(journal) << journal.error().message();
  EXPECT_TRUE(found == expected);
  EXPECT_LT(most_at_a_time, 100U);
  EXPECT_EQ(std::filesystem::file_size(path_ + ".damaged"), kHuge);
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
  EXPECT_EQ(left(), "first;second;");
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
