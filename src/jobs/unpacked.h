// What gzip, bzip2, xz or zstd packed, unpacked in bounded memory, whatever its headers ask for.
#pragma once

#include <memory>
#include <string_view>

#include "jobs/byte_source.h"

namespace cordon::jobs {

// How much of the front tells what packed it.
inline constexpr std::size_t kPackedFront = 10;

// One layer: what was packed twice is no tar yet. None where `front`, with which `packed` begins,
// is of none of them. Memory: 1 MiB and what an unpacker keeps of what it has written: for gzip and
// bzip2 less than 4 MiB, for xz what `xz -9` takes, 64 MiB, for zstd 128 MiB. Errors: those of
// `packed`; InvalidArgument where it is broken or asks for more.
Result<std::unique_ptr<ByteSource>> unpacked(std::string_view front, ByteSource& packed);

}  // namespace cordon::jobs
