#include "server/tar_upload.h"

#include <fmt/format.h>

#include <utility>

#include "core/try.h"
#include "core/units.h"
#include "server/answers.h"
#include "server/part_head.h"

namespace cordon::server {

namespace {

// As much is written at a time, and twice as much waits at most.
constexpr std::size_t kPiece = 256 << 10;

std::unexpected<Error> refuse(std::string_view field, std::string detail) {
  return std::unexpected(
      invalid_argument({}, std::string(field.substr(0, 100)), std::move(detail)));
}

}  // namespace

bool TarUpload::has_file(const Request& request) {
  return !equal_ignoring_case(media_type(request.header("Content-Type")), "application/json");
}

Result<std::shared_ptr<TarUpload>> TarUpload::make(const UploadNames& names, const Request& request,
                                                   UploadSpool& spool, std::string caller,
                                                   std::uint64_t most_words, Post post,
                                                   std::function<void()> wake) {
  std::shared_ptr<TarUpload> upload(
      new TarUpload(names, most_words, std::move(post), std::move(wake)));
  const std::string_view type = request.header("Content-Type");
  if (!has_file(request)) {
    upload->words_.emplace();
    upload->to_words_ = true;
    return upload;
  }
  if (equal_ignoring_case(media_type(type), kTar)) {
    const std::size_t headers = request.count(names.header);
    if (headers > 1 || (headers == 0 && names.absent.empty())) {
      return refuse(names.header, "this header is wanted once: the words as JSON, beside the tar");
    }
    if (headers > 0) upload->words_ = request.header(names.header);
    upload->has_file_ = true;
  } else {
    const auto boundary = boundary_of(type);
    if (!boundary) return refuse("body", boundary.error());
    upload->form_.emplace(*boundary, MultipartLimits{.parts = 2},
                          static_cast<PartReceiver&>(*upload));
  }
  upload->file_ = TRY(spool.open(std::move(caller)));
  return upload;
}

Result<void> TarUpload::begin(const PartHead& head) {
  to_words_ = head.name == names_.words;
  if (to_words_) {
    if (words_) return refuse(names_.words, "it is there twice");
    words_.emplace();
    return {};
  }
  if (head.name != names_.file) {
    return refuse(head.name, fmt::format("there is no such part; there is {} and {}", names_.words,
                                         names_.file));
  }
  if (std::exchange(has_file_, true)) return refuse(names_.file, "it is there twice");
  return {};
}

Result<void> TarUpload::content(std::string_view bytes) { return add(bytes); }

Result<void> TarUpload::add(std::string_view bytes) {
  if (!to_words_) {
    waiting_ += bytes;
    return pass_on();
  }
  if (bytes.size() > most_words_ - words_->size()) {
    return refuse(names_.words, fmt::format("it is longer than {}", format_size(most_words_)));
  }
  *words_ += bytes;
  return {};
}

std::optional<Response> TarUpload::take(std::string_view bytes) {
  const auto taken = form_ ? form_->feed(bytes) : add(bytes);
  if (taken) return std::nullopt;
  return field_answer(taken.error());
}

bool TarUpload::has_room() const {
  const std::lock_guard lock(mutex_);
  return !writing_ || waiting_.size() < kPiece;
}

Result<void> TarUpload::pass_on() {
  {
    const std::lock_guard lock(mutex_);
    if (failure_) return std::unexpected(*failure_);
    if (waiting_.size() < kPiece || writing_) return {};
    writing_ = true;
  }
  // Kept alive by what is under way: the client may go.
  const bool posted = post_([self = shared_from_this(),
                             bytes = std::make_shared<std::string>(std::exchange(waiting_, {}))] {
    self->write(*bytes);
    self->wake_();
  });
  if (posted) return {};
  return std::unexpected(Error{.code = ErrorCode::Unavailable,
                               .operation = "keep what was sent",
                               .subject = {},
                               .sys_errno = 0,
                               .detail = "too much of this is under way",
                               .remedy = {}});
}

void TarUpload::write(const std::string& bytes) {
  auto written = file_->append(bytes);
  const std::lock_guard lock(mutex_);
  writing_ = false;
  if (!written) failure_ = std::move(written).error();
}

Result<TarUpload::Content> TarUpload::finish() {
  if (form_) TRY(form_->finish());
  if (!waiting_.empty()) write(std::exchange(waiting_, {}));
  const std::lock_guard lock(mutex_);
  if (failure_) return std::unexpected(*failure_);
  if (!words_ && names_.absent.empty()) {
    return refuse(names_.words, "this part is missing: the words as JSON");
  }
  Content content{.words = words_ ? std::move(*words_) : std::string(names_.absent)};
  if (has_file_) content.file = std::move(file_);
  return content;
}

}  // namespace cordon::server
