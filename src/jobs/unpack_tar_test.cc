#include "jobs/unpack_tar.h"

#include <archive_entry.h>
#include <gmock/gmock.h>
#include <lzma.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <functional>
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

TEST_F(UnpackTar, WhatIsPackedTwiceIsNoTar) {
  const std::string once =
      packed(tar_of(TarEntry{.name = "a", .content = "1"}), archive_write_add_filter_gzip);
  EXPECT_FALSE(unpack(packed(once, archive_write_add_filter_gzip)));
  EXPECT_FALSE(unpack(packed(once, archive_write_add_filter_xz)));
  EXPECT_TRUE(unpack(once)) << "the control";
}

// The most that this process had in memory while `act` ran, beyond what it had before.
std::uint64_t most_memory_kib(const std::function<void()>& act) {
  const auto read = [] {
    std::ifstream status("/proc/self/status");
    for (std::string word; status >> word;) {
      std::uint64_t kib = 0;
      if (word == "VmHWM:" && status >> kib) return kib;
    }
    return std::uint64_t{0};
  };
  std::ofstream("/proc/self/clear_refs") << "5";
  const std::uint64_t before = read();
  act();
  return read() - before;
}

constexpr std::uint64_t kMostMemoryKib = 16 << 10;

std::string pax_record(std::string_view key, std::string_view value) {
  const std::string rest = " " + std::string(key) + "=" + std::string(value) + "\n";
  std::size_t size = rest.size() + 1;
  while (std::to_string(size).size() + rest.size() != size) ++size;
  return std::to_string(size) + rest;
}

// GNU tar's newest form: the map stands before the data.
std::string sparse_entry(std::string_view size, std::string_view map, std::string_view data) {
  std::string content(map);
  content.resize((content.size() + 511) / 512 * 512);
  content += data;
  return tar_entry({.name = "x",
                    .content = pax_record("GNU.sparse.major", "1") +
                               pax_record("GNU.sparse.minor", "0") +
                               pax_record("GNU.sparse.name", "sparse") +
                               pax_record("GNU.sparse.realsize", size),
                    .type = 'x'}) +
         tar_entry({.name = "s", .content = content});
}

std::string many_pieces(int count) {
  std::string map = std::to_string(count) + "\n";
  for (int i = 0; i < count; ++i) map += "0\n0\n";
  return sparse_entry("0", map, "") + testing::tar_end();
}

TEST_F(UnpackTar, ASparseFileWithAFewHoles) {
  const std::string data = std::string(512, 'a') + std::string(3, 'b');
  ASSERT_TRUE(unpack(sparse_entry("8195", "2\n1024\n512\n8192\n3\n", data) +
                     tar_entry({.name = "after", .content = "it"}) + testing::tar_end()));
  EXPECT_EQ(read("sparse"), std::string(1024, '\0') + std::string(512, 'a') +
                                std::string(8192 - 1536, '\0') + "bbb");
  EXPECT_EQ(read("after"), "it");
}

TEST_F(UnpackTar, AMapWithoutEndTakesNoMemory) {
  const std::string bomb = many_pieces(3'000'000);
  EXPECT_LT(most_memory_kib([&] { EXPECT_THAT(why(bomb), HasSubstr("128 KiB")); }), kMostMemoryKib);
  EXPECT_GT(most_memory_kib([&] {
              const ReadArchive reader = make_read_archive();
              archive_read_support_format_tar(reader.get());
              archive_read_open_memory(reader.get(), bomb.data(), bomb.size());
              archive_entry* entry = nullptr;
              archive_read_next_header(reader.get(), &entry);
            }),
            2 * kMostMemoryKib)
      << "the control: what libarchive does by itself";
}

TEST_F(UnpackTar, NoHeaderIsLongerThanItsBound) {
  const auto with = [](const std::string& pax) {
    return tar_of(TarEntry{.name = "x", .content = pax, .type = 'x'}, TarEntry{.name = "f"});
  };
  std::string map = "0";
  for (int i = 0; i < 200'000; ++i) map += ",0";
  std::string list = "u:1:r";
  for (int i = 2; i < 60'000; ++i) list += ",u:" + std::to_string(i) + ":r";
  std::string old = tar_entry({.name = "o", .content = {}, .type = 'S'});
  testing::put(old, 257, std::string_view("ustar  \0", 8));
  testing::put(old, 386, "00000000000");
  testing::put(old, 482, "1");
  testing::put(old, 148, "        ");
  unsigned sum = 0;
  for (const char c : old) sum += static_cast<unsigned char>(c);
  testing::put(old, 148, testing::octal(sum, 6));
  old[154] = '\0';
  std::string more(512, '0');
  for (int i = 0; i < 1000; ++i) old += more;
  std::string globals;
  for (int i = 0; i < 20; ++i) {
    globals += tar_entry(
        {.name = "g", .content = pax_record("comment", std::string(10'000, 'c')), .type = 'g'});
  }
  for (const std::string& tar :
       {with(pax_record("GNU.sparse.map", map)), with(pax_record("SCHILY.acl.access", list)),
        with(pax_record("comment", std::string(900'000, 'c'))), old,
        globals + tar_of(TarEntry{.name = "f"}),
        tar_of(TarEntry{.name = "L", .content = std::string(900'000, 'n'), .type = 'L'},
               TarEntry{.name = "f"})}) {
    EXPECT_LT(most_memory_kib([&] { EXPECT_THAT(why(tar), HasSubstr("128 KiB")); }),
              kMostMemoryKib);
  }
  // Each has its own, and what an entry has in it is not counted.
  std::string many = tar_of(TarEntry{.name = "f", .content = std::string(300'000, 'f')});
  many.resize(many.size() - testing::tar_end().size());
  for (int i = 0; i < 5; ++i) {
    many += tar_entry({.name = "x",
                       .content = pax_record("comment", std::string(100'000, 'c')),
                       .type = 'x'}) +
            tar_entry({.name = "h" + std::to_string(i),
                       .content = std::string(200'000, 'h'),
                       .type = '1',
                       .link = "f"});
  }
  EXPECT_EQ(why(many + testing::tar_end()), "it was taken");
}

// The dictionary that an xz says it needs: 40 is 4 GiB, 28 is the 64 MiB of `xz -9`.
std::string with_dictionary(std::string xz, char size) {
  const std::size_t begin = 12;
  const std::size_t length = (static_cast<unsigned char>(xz[begin]) + 1U) * 4;
  const std::size_t at = xz.find("\x21\x01", begin);
  EXPECT_LT(at, begin + length);
  xz[at + 2] = size;
  const std::uint32_t sum =
      lzma_crc32(reinterpret_cast<const std::uint8_t*>(xz.data()) + begin, length - 4, 0);
  for (std::size_t i = 0; i < 4; ++i) {
    xz[begin + length - 4 + i] = static_cast<char>(sum >> (8 * i));
  }
  return xz;
}

TEST_F(UnpackTar, AnXzGetsNoMoreMemoryThanXz9Takes) {
  const auto xz = [](std::string_view bytes) { return packed(bytes, archive_write_add_filter_xz); };
  const std::string tar = tar_of(TarEntry{.name = "a", .content = "1"});
  for (const char size : {'\x1d', '\x25', '\x28'}) {
    EXPECT_THAT(why(with_dictionary(xz(tar), size)), HasSubstr("dictionary"));
    EXPECT_THAT(why(xz(tar.substr(0, 512)) + with_dictionary(xz(tar.substr(512)), size)),
                HasSubstr("dictionary"))
        << "not in what follows either";
  }
  EXPECT_EQ(why(with_dictionary(xz(tar), '\x1c')), "it was taken");
  const std::string other = tar_of(TarEntry{.name = "b", .content = "1"});
  EXPECT_EQ(why(xz(other.substr(0, 512)) + xz(other.substr(512))), "it was taken") << "the control";
}

TEST_F(UnpackTar, BrokenPackedOnesAreRefused) {
  for (auto* filter : {archive_write_add_filter_gzip, archive_write_add_filter_bzip2,
                       archive_write_add_filter_xz, archive_write_add_filter_zstd}) {
    const std::string whole =
        packed(tar_of(TarEntry{.name = "a", .content = std::string(9000, 'x')}), filter);
    EXPECT_FALSE(unpack(whole.substr(0, whole.size() / 2)));
  }
}

TEST_F(UnpackTar, AGzipThatIsAllNameIsRefused) {
  std::string name("\x1f\x8b\x08\x08\0\0\0\0\0\0", 10);
  name.resize(64 << 20, 'n');
  EXPECT_LT(most_memory_kib([&] { EXPECT_THAT(why(name), HasSubstr("to nothing")); }),
            kMostMemoryKib);
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
