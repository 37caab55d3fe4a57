// libarchive's objects, owned.
#pragma once

#include <archive.h>
#include <locale.h>

#include <memory>

namespace cordon::jobs {

using ReadArchive = std::unique_ptr<archive, int (*)(archive*)>;
using WriteArchive = std::unique_ptr<archive, int (*)(archive*)>;

inline ReadArchive make_read_archive() { return {archive_read_new(), archive_read_free}; }
inline WriteArchive make_write_archive() { return {archive_write_new(), archive_write_free}; }

// libarchive hands out names in the character set of this thread's locale, and has none for those
// that are not in it: names are bytes in a file system, and UTF-8 in a tar's headers.
class Utf8Locale {
 public:
  Utf8Locale() : locale_(::newlocale(LC_CTYPE_MASK, "C.UTF-8", nullptr)) {
    if (locale_ != nullptr) before_ = ::uselocale(locale_);
  }
  Utf8Locale(const Utf8Locale&) = delete;
  Utf8Locale& operator=(const Utf8Locale&) = delete;
  ~Utf8Locale() {
    if (locale_ == nullptr) return;
    ::uselocale(before_);
    ::freelocale(locale_);
  }

 private:
  locale_t locale_;
  locale_t before_ = nullptr;
};

}  // namespace cordon::jobs
