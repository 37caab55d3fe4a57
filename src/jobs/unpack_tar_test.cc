#include "jobs/unpack_tar.h"

#include <archive_entry.h>
#include <gmock/gmock.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <thread>

#include "jobs/archive_handle.h"
#include "jobs/testing/directory.h"
#include "jobs/testing/tar_text.h"

namespace cordon::jobs {
namespace {

using testing::Directory;
using ::testing::HasSubstr;
using testing::tar_entry;
using testing::tar_of;
using testing::TarEntry;

class UnpackTar : public ::testing::Test {
 protected:
  UnpackTar() { std::filesystem::create_directory(outer_.path("in")); }

  Result<void> unpack(std::string_view tar, TreeLimits limits = room()) {
    const UniqueFd fd(::open(outer_.path("in").c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    TreeWriter writer(fd.get(), {}, limits, Existing::Refuse);
    auto done = unpack_tar({.fd = -1, .data = tar}, writer, *patience_, {});
    entries_ = writer.entries();
    bytes_ = writer.bytes();
    return done;
  }

  std::string why(std::string_view tar, TreeLimits limits = room()) {
    const auto done = unpack(tar, limits);
    return done ? "it was taken" : done.error().message();
  }

  std::string read(const std::string& name) const { return outer_.read("in/" + name); }
  mode_t mode(const std::string& name) const { return outer_.mode("in/" + name); }
  // What stands beside the directory: nothing may come there.
  std::ptrdiff_t beside() const {
    return std::distance(std::filesystem::directory_iterator(outer_.path()), {});
  }

  static TreeLimits room() { return {.most_bytes = 1 << 20, .most_entries = 1000}; }
  Directory outer_;
  std::unique_ptr<Patience> patience_ = *Patience::begin(std::chrono::minutes(5), {});
  std::uint64_t entries_ = 0;
  std::uint64_t bytes_ = 0;
};

TEST_F(UnpackTar, FilesDirectoriesAndLinks) {
  const auto done = unpack(tar_of(TarEntry{.name = "./", .type = '5', .mode = 0755},
                                  TarEntry{.name = "a/b/c.txt", .content = "hello", .mode = 04755},
                                  TarEntry{.name = "a/", .type = '5', .mode = 0500},
                                  TarEntry{.name = "a/l", .type = '2', .link = "b/c.txt"},
                                  TarEntry{.name = "h", .type = '1', .link = "./a/b/c.txt"}));
  ASSERT_TRUE(done) << done.error().message();
  EXPECT_EQ(read("a/b/c.txt"), "hello");
  EXPECT_EQ(read("a/l"), "hello");
  EXPECT_EQ(read("h"), "hello");
  EXPECT_EQ(mode("a/b/c.txt") & 07777, 0755U) << "the set-id bit is dropped";
  EXPECT_EQ(mode("a") & 07777, 0700U) << "its owner can always write there";
  struct stat status{};
  ASSERT_EQ(::stat(outer_.path("in/h").c_str(), &status), 0);
  EXPECT_EQ(status.st_mtim.tv_sec, 1'000'000'000);
  EXPECT_EQ(bytes_, 5U);
}

TEST_F(UnpackTar, NothingLeadsOut) {
  for (const char* name : {"../x", "/tmp/cordon-test-jobs-absolute", "a/../../x", "//x", ".."}) {
    EXPECT_FALSE(unpack(tar_of(TarEntry{.name = name, .content = "x"}))) << name;
    EXPECT_EQ(beside(), 1) << name;
  }
  EXPECT_NE(::access("/tmp/cordon-test-jobs-absolute", F_OK), 0);
  EXPECT_TRUE(unpack(tar_of(TarEntry{.name = "x", .content = "x"}))) << "the control";
}

TEST_F(UnpackTar, LinksThatLeadOutAreRefused) {
  for (const char* target : {"/etc/passwd", "..", "../x", "a/../../x"}) {
    EXPECT_THAT(why(tar_of(TarEntry{.name = "l", .type = '2', .link = target})),
                HasSubstr("leads out"));
    EXPECT_FALSE(unpack(tar_of(TarEntry{.name = "h", .type = '1', .link = target}))) << target;
  }
}

TEST_F(UnpackTar, NoWayLeadsThroughALink) {
  std::filesystem::create_directory(outer_.path("target"));
  // Put there by hand: a tar cannot bring it. Without the protection the file would be beside.
  std::filesystem::create_symlink(outer_.path("target"), outer_.path("in/out"));
  EXPECT_THAT(why(tar_of(TarEntry{.name = "out/x", .content = "x"})), HasSubstr("symbolic link"));
  EXPECT_FALSE(unpack(tar_of(TarEntry{.name = "out", .content = "x"})));
  EXPECT_FALSE(unpack(tar_of(TarEntry{.name = "h", .type = '1', .link = "out/y"})));
  EXPECT_FALSE(unpack(tar_of(TarEntry{.name = "out/", .type = '5'})));
  EXPECT_TRUE(std::filesystem::is_empty(outer_.path("target")));
  std::ofstream(outer_.path("in/out/x")) << "x";
  EXPECT_FALSE(std::filesystem::is_empty(outer_.path("target"))) << "the control";
}

TEST_F(UnpackTar, ALinkInTheTarIsNoWayEither) {
  EXPECT_FALSE(unpack(tar_of(TarEntry{.name = "d/", .type = '5'},
                             TarEntry{.name = "l", .type = '2', .link = "d"},
                             TarEntry{.name = "l/x", .content = "x"})));
}

TEST_F(UnpackTar, AHardLinkToALinkIsRefused) {
  EXPECT_FALSE(unpack(tar_of(TarEntry{.name = "l", .type = '2', .link = "x"},
                             TarEntry{.name = "h", .type = '1', .link = "l"})));
}

TEST_F(UnpackTar, NamesThatAreThereTwiceAreRefused) {
  EXPECT_THAT(
      why(tar_of(TarEntry{.name = "a", .content = "1"}, TarEntry{.name = "./a", .content = "2"})),
      HasSubstr("there already"));
  EXPECT_EQ(read("a"), "1");
  EXPECT_FALSE(unpack(
      tar_of(TarEntry{.name = "b", .content = "1"}, TarEntry{.name = "b/c", .content = "2"})));
  EXPECT_FALSE(unpack(tar_of(TarEntry{.name = "d/", .type = '5'}, TarEntry{.name = "d"})));
  EXPECT_TRUE(
      unpack(tar_of(TarEntry{.name = "e/", .type = '5'}, TarEntry{.name = "e/", .type = '5'})));
}

TEST_F(UnpackTar, DevicesAndPipesAreRefused) {
  EXPECT_THAT(why(tar_of(TarEntry{.name = "c", .type = '3'})), HasSubstr("device"));
  EXPECT_THAT(why(tar_of(TarEntry{.name = "b", .type = '4'})), HasSubstr("device"));
  EXPECT_THAT(why(tar_of(TarEntry{.name = "p", .type = '6'})), HasSubstr("pipe"));
  EXPECT_TRUE(std::filesystem::is_empty(outer_.path("in")));
}

TEST_F(UnpackTar, LimitsHoldBeforeTheyAreCrossed) {
  const std::string big = tar_of(TarEntry{.name = "a", .content = std::string(5000, 'x')});
  EXPECT_THAT(why(big, {.most_bytes = 4999, .most_entries = 10}), HasSubstr("more than"));
  EXPECT_TRUE(std::filesystem::is_empty(outer_.path("in")));
  EXPECT_TRUE(unpack(big, {.most_bytes = 5000, .most_entries = 10}));
  std::string many;
  for (int i = 0; i < 20; ++i) many += tar_entry({.name = "m" + std::to_string(i)});
  EXPECT_THAT(why(many + testing::tar_end(), {.most_bytes = 10, .most_entries = 10}),
              HasSubstr("10 files and directories"));
}

TEST_F(UnpackTar, DirectoriesThatComeAgainCount) {
  for (const char* name : {"d/", "./"}) {
    std::string many;
    for (int i = 0; i < 12; ++i) many += tar_entry({.name = name, .type = '5', .mode = 0755});
    many += testing::tar_end();
    EXPECT_THAT(why(many, {.most_bytes = 10, .most_entries = 10}), HasSubstr("again")) << name;
    EXPECT_TRUE(unpack(many, {.most_bytes = 10, .most_entries = 12})) << "the control";
  }
}

TEST_F(UnpackTar, DirectoriesThatOnlyTheWayNeedsCount) {
  EXPECT_FALSE(
      unpack(tar_of(TarEntry{.name = "a/b/c/d/e"}), {.most_bytes = 10, .most_entries = 4}));
}

TEST_F(UnpackTar, ASizeThatAHeaderMadeUpWritesNothing) {
  // 8 EiB - 1, and -1, as GNU tar writes what does not fit: in binary.
  for (const char byte : {'\x80', '\xff'}) {
    std::string size(12, '\xff');
    size[0] = byte;
    if (byte == '\x80') size[1] = size[2] = size[3] = '\0', size[4] = '\x7f';
    EXPECT_FALSE(unpack(tar_of(TarEntry{.name = "a", .size = size})));
  }
  EXPECT_FALSE(unpack(tar_of(TarEntry{.name = "a", .size = "77777777777"})));
  for (const auto& entry : std::filesystem::directory_iterator(outer_.path("in"))) {
    EXPECT_EQ(std::filesystem::file_size(entry), 0U) << entry.path();
  }
}

TEST_F(UnpackTar, ASparseFileCountsWithItsHoles) {
  // Of GNU's old form: a file of 1 GiB with one block.
  std::string header = tar_entry({.name = "s", .content = {}, .type = 'S', .size = "00000000000"});
  header.resize(512);
  testing::put(header, 483, testing::octal(1ULL << 30, 11));
  testing::put(header, 257, std::string_view("ustar  \0", 8));
  testing::put(header, 148, "        ");
  unsigned sum = 0;
  for (const char c : header) sum += static_cast<unsigned char>(c);
  testing::put(header, 148, testing::octal(sum, 6));
  header[154] = '\0';
  EXPECT_THAT(why(header + testing::tar_end()), HasSubstr("more than"));
  ASSERT_TRUE(unpack(header + testing::tar_end(), {.most_bytes = 1ULL << 30, .most_entries = 9}));
  struct stat status{};
  ASSERT_EQ(::stat(outer_.path("in/s").c_str(), &status), 0);
  EXPECT_EQ(status.st_size, 1LL << 30);
  EXPECT_LT(status.st_blocks, 100) << "its hole takes no room";
}

TEST_F(UnpackTar, BrokenOnesAreRefused) {
  const std::string whole = tar_of(TarEntry{.name = "a", .content = std::string(2000, 'x')});
  EXPECT_FALSE(unpack(whole.substr(0, 1500)));
  EXPECT_FALSE(unpack(std::string(4096, 'x')));
  EXPECT_FALSE(unpack("short"));
  std::string wrong_sum = tar_of(TarEntry{.name = "b"});
  wrong_sum[0] = 'c';
  EXPECT_FALSE(unpack(wrong_sum));
}

TEST_F(UnpackTar, NamesAreBytesAndUtf8) {
  ASSERT_TRUE(unpack(tar_of(TarEntry{.name = "gr\xc3\xbc\xc3\x9f", .content = "1"},
                            TarEntry{.name = "\xff\xfe", .content = "2"})));
  EXPECT_EQ(read("gr\xc3\xbc\xc3\x9f"), "1");
  EXPECT_EQ(read("\xff\xfe"), "2");
}

std::string packed(std::string_view tar, int (*filter)(archive*)) {
  // As a raw stream, so that the filter packs what is a tar already.
  const WriteArchive out = make_write_archive();
  archive_write_set_format_raw(out.get());
  filter(out.get());
  std::string bytes(1 << 20, '\0');
  std::size_t used = 0;
  archive_write_open_memory(out.get(), bytes.data(), bytes.size(), &used);
  archive_entry* entry = archive_entry_new();
  archive_entry_set_filetype(entry, AE_IFREG);
  archive_write_header(out.get(), entry);
  archive_write_data(out.get(), tar.data(), tar.size());
  archive_entry_free(entry);
  archive_write_close(out.get());
  bytes.resize(used);
  return bytes;
}

TEST_F(UnpackTar, PackedOnes) {
  int number = 0;
  for (auto* filter : {archive_write_add_filter_gzip, archive_write_add_filter_bzip2,
                       archive_write_add_filter_xz, archive_write_add_filter_zstd}) {
    const std::string name = "f" + std::to_string(number++);
    ASSERT_TRUE(unpack(packed(tar_of(TarEntry{.name = name, .content = "packed"}), filter)));
    EXPECT_EQ(read(name), "packed");
  }
}

TEST_F(UnpackTar, ABombIsStoppedByWhatItUnpacksTo) {
  const std::string bomb =
      packed(tar_of(TarEntry{.name = "z", .content = std::string(8 << 20, '\0')}),
             archive_write_add_filter_gzip);
  ASSERT_LT(bomb.size(), 100'000U);
  EXPECT_THAT(why(bomb), HasSubstr("more than"));
}

TEST_F(UnpackTar, APipeThatSaysNothingIsNotWaitedForLonger) {
  int ends[2];
  ASSERT_EQ(::pipe2(ends, O_CLOEXEC), 0);
  const UniqueFd read_end(ends[0]);
  const UniqueFd write_end(ends[1]);
  const auto patience = Patience::begin(std::chrono::milliseconds(50), {});
  TreeWriter writer(outer_.fd(), {}, room(), Existing::Refuse);
  EXPECT_FALSE(unpack_tar({.fd = read_end.get(), .data = {}}, writer, **patience, {}));
  EXPECT_EQ((*patience)->ended(), Patience::End::Time);

  std::stop_source stop;
  const auto stopped = Patience::begin(std::chrono::hours(1), stop.get_token());
  std::thread later([&] { stop.request_stop(); });
  EXPECT_FALSE(unpack_tar({.fd = read_end.get(), .data = {}}, writer, **stopped, {}));
  later.join();
  EXPECT_EQ((*stopped)->ended(), Patience::End::Stop);
}

}  // namespace
}  // namespace cordon::jobs
