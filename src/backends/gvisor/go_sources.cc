#include "gvisor/go_sources.h"

#include <elf.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>

namespace cordon::gvisor {

namespace {

constexpr std::string_view kSection = ".gopclntab";
constexpr std::array<std::uint32_t, 2> kMagics = {0xfffffff0, 0xfffffff1};  // Go 1.18, 1.20

// The head of that section, as debug/gosym of Go's library reads it on machines of 64 bits.
struct TableHead {
  std::uint32_t magic;
  std::uint8_t zero[2];
  std::uint8_t instruction_grain;
  std::uint8_t pointer_size;
  std::uint64_t functions;
  std::uint64_t files;
  std::uint64_t text;
  std::uint64_t function_names_at;
  std::uint64_t units_at;
  std::uint64_t files_at;
  std::uint64_t programs_at;  // what comes after the names of files
};

template <typename T>
std::optional<T> read(std::string_view bytes, std::uint64_t at) {
  if (at > bytes.size() || bytes.size() - at < sizeof(T)) return std::nullopt;
  T value;
  std::memcpy(&value, bytes.data() + at, sizeof value);
  return value;
}

std::string_view part(std::string_view bytes, std::uint64_t at, std::uint64_t size) {
  if (at > bytes.size()) return {};
  return bytes.substr(at, size);
}

std::string_view section(std::string_view program) {
  const auto head = read<Elf64_Ehdr>(program, 0);
  if (!head || std::memcmp(head->e_ident, ELFMAG, SELFMAG) != 0 ||
      head->e_ident[EI_CLASS] != ELFCLASS64) {
    return {};
  }
  const auto header = [&](std::uint64_t index) {
    return read<Elf64_Shdr>(program, head->e_shoff + index * sizeof(Elf64_Shdr));
  };
  const auto names_header = header(head->e_shstrndx);
  if (!names_header) return {};
  const auto names = part(program, names_header->sh_offset, names_header->sh_size);
  for (std::uint64_t i = 0; i < head->e_shnum; ++i) {
    const auto one = header(i);
    if (!one) return {};
    const auto name = part(names, one->sh_name, kSection.size() + 1);
    if (name == std::string_view(kSection.data(), kSection.size() + 1)) {
      return part(program, one->sh_offset, one->sh_size);
    }
  }
  return {};
}

}  // namespace

std::string_view source_names(std::string_view program) {
  const std::string_view table = section(program);
  const auto head = read<TableHead>(table, 0);
  if (!head || std::ranges::find(kMagics, head->magic) == kMagics.end()) return program;
  if (head->pointer_size != sizeof(std::uint64_t) || head->files_at >= head->programs_at ||
      head->programs_at > table.size()) {
    return program;
  }
  return table.substr(head->files_at, head->programs_at - head->files_at);
}

}  // namespace cordon::gvisor
