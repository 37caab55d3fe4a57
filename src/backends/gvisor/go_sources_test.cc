#include "gvisor/go_sources.h"

#include <elf.h>
#include <gmock/gmock.h>

#include <cstdint>
#include <cstring>
#include <string>

namespace cordon::gvisor {
namespace {

constexpr std::string_view kNames("pkg/a.go\0pkg/b.go\0", 18);
constexpr std::size_t kTableHead = 64;

template <typename T>
void put(std::string& bytes, std::size_t at, const T& value) {
  if (bytes.size() < at + sizeof value) bytes.resize(at + sizeof value);
  std::memcpy(bytes.data() + at, &value, sizeof value);
}

// A program of two sections, the names of sections and Go's table, and nothing that runs.
struct Program {
  std::string bytes;
  std::size_t table = sizeof(Elf64_Ehdr);

  Program() {
    const std::string section_names = std::string(1, '\0') + ".gopclntab" + std::string(1, '\0');
    put(bytes, table, std::uint32_t{0xfffffff0});
    put(bytes, table + 7, std::uint8_t{8});
    put(bytes, table + 48, std::uint64_t{kTableHead});
    put(bytes, table + 56, std::uint64_t{kTableHead + kNames.size()});
    bytes += kNames;
    bytes += "what comes after";
    const std::size_t table_size = bytes.size() - table;
    Elf64_Shdr of_names{};
    of_names.sh_offset = bytes.size();
    of_names.sh_size = section_names.size();
    bytes += section_names;
    Elf64_Shdr of_table{};
    of_table.sh_name = 1;
    of_table.sh_offset = table;
    of_table.sh_size = table_size;
    Elf64_Ehdr head{};
    std::memcpy(head.e_ident, ELFMAG, SELFMAG);
    head.e_ident[EI_CLASS] = ELFCLASS64;
    head.e_shoff = bytes.size();
    head.e_shnum = 2;
    head.e_shstrndx = 0;
    put(bytes, 0, head);
    put(bytes, bytes.size(), of_names);
    put(bytes, bytes.size(), of_table);
  }
};

TEST(SourceNames, AreThePartThatHoldsThem) {
  const Program program;
  EXPECT_EQ(source_names(program.bytes), kNames);
}

TEST(SourceNames, AreLookedForEverywhereInAnythingElse) {
  EXPECT_EQ(source_names("pkg/a.go"), "pkg/a.go");
  EXPECT_EQ(source_names(""), "");
  Program other;
  put(other.bytes, other.table, std::uint32_t{0xfffffffb});
  EXPECT_EQ(source_names(other.bytes), other.bytes) << "of an older Go";
  Program beyond;
  put(beyond.bytes, beyond.table + 56, std::uint64_t{1} << 40);
  EXPECT_EQ(source_names(beyond.bytes), beyond.bytes);
  Program backwards;
  put(backwards.bytes, backwards.table + 48, ~std::uint64_t{0});
  EXPECT_EQ(source_names(backwards.bytes), backwards.bytes);
}

TEST(SourceNames, NoLengthIsBelieved) {
  const Program program;
  for (std::size_t size = 0; size < program.bytes.size(); ++size) {
    const std::string cut = program.bytes.substr(0, size);
    EXPECT_EQ(source_names(cut), cut);
  }
  for (std::size_t at = 0; at < program.bytes.size(); ++at) {
    std::string changed = program.bytes;
    changed[at] = static_cast<char>(0xff);
    const auto names = source_names(changed);
    EXPECT_GE(names.data(), changed.data());
    EXPECT_LE(names.data() + names.size(), changed.data() + changed.size());
  }
}

}  // namespace
}  // namespace cordon::gvisor
