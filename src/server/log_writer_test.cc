#include "server/log_writer.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <array>
#include <fstream>
#include <sstream>
#include <string>

#include "server/json_log.h"

namespace cordon::server {
namespace {

using testing::EndsWith;
using testing::HasSubstr;
using testing::StartsWith;

struct Pipe {
  Pipe() {
    std::array<int, 2> ends{};
    EXPECT_EQ(::pipe2(ends.data(), O_CLOEXEC), 0);
    reader.reset(ends[0]);
    writer.reset(ends[1]);
  }
  // Until every writer is gone.
  std::string read_all() const {
    std::string all;
    std::array<char, 65536> piece{};
    for (ssize_t size = 0; (size = ::read(reader.get(), piece.data(), piece.size())) > 0;) {
      all.append(piece.data(), static_cast<std::size_t>(size));
    }
    return all;
  }
  UniqueFd reader;
  UniqueFd writer;
};

TEST(LogWriter, WritesLinesInTheirOrder) {
  Pipe pipe;
  {
    LogWriter log(std::move(pipe.writer));
    for (int i = 0; i < 3; ++i) log.write(std::to_string(i) + "\n");
  }
  EXPECT_EQ(pipe.read_all(), "0\n1\n2\n");
}

TEST(LogWriter, ALineThatNobodyReadsStopsNobodyAndIsCounted) {
  Pipe pipe;
  const std::string line = std::string(999, 'x') + "\n";
  constexpr std::size_t kLines = 4 * LogWriter::kMostWaiting / 1000;
  {
    LogWriter log(std::move(pipe.writer));
    for (std::size_t i = 0; i < kLines; ++i) log.write(line);
  }
  const std::string mark = R"("event":"lines lost","count":")";
  std::size_t written = 0;
  std::size_t counted = 0;
  std::istringstream all(pipe.read_all());
  for (std::string one; std::getline(all, one);) {
    if (one + "\n" == line) {
      ++written;
    } else {
      ASSERT_THAT(one, HasSubstr(mark)) << "a line is whole";
      counted += std::stoul(one.substr(one.find(mark) + mark.size()));
    }
  }
  EXPECT_GT(counted, 0);
  EXPECT_GT(written, LogWriter::kMostWaiting / 1000 / 2);
  EXPECT_EQ(written + counted, kLines);
}

TEST(LogWriter, AReaderThatHangsHoldsNoEndUp) {
  Pipe pipe;
  {
    LogWriter log(std::move(pipe.writer));
    log.write(std::string(LogWriter::kMostWaiting, 'x'));
  }
  SUCCEED() << "the writer has ended while its pipe was full";
}

TEST(JsonLog, SaysTheSameToAFileAndToAReader) {
  Pipe pipe;
  char path[] = "/tmp/cordon-test-json-log-XXXXXX";
  const UniqueFd file(::mkstemp(path));
  auto log_file = LogFile::open(path, 1000);
  ASSERT_TRUE(log_file);
  {
    JsonLog logs[] = {JsonLog(std::move(pipe.writer)), JsonLog(*std::move(log_file))};
    for (JsonLog& log : logs) log.write("hello", {{"name", "a\n\xff"}, {"empty", ""}});
  }
  std::ifstream written(path);
  ::unlink(path);
  std::string line;
  std::getline(written, line);
  for (const std::string& one : {pipe.read_all(), line + "\n"}) {
    EXPECT_THAT(one, StartsWith(R"({"time":")"));
    EXPECT_THAT(one, EndsWith("\"event\":\"hello\",\"name\":\"a\\n\xef\xbf\xbd\"}\n"));
  }
}

}  // namespace
}  // namespace cordon::server
