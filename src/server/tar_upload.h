// A body of words and one tar on its way in: the words into memory, the tar to the disk.
#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

#include "cordon/error.h"
#include "server/body_sink.h"
#include "server/multipart.h"
#include "server/upload_spool.h"

namespace cordon::server {

inline constexpr std::string_view kTar = "application/x-tar";

// What the two are called, and what stands for words that did not come.
struct UploadNames {
  std::string_view words;   // the part of a form
  std::string_view header;  // beside a body that is the tar
  std::string_view file;    // the part of a form
  std::string_view absent;  // empty: they must come
};
inline constexpr UploadNames kJobUpload{"job", "Cordon-Job", "input", ""};
inline constexpr UploadNames kEnvUpload{"env", "Cordon-Env", "context", "{}"};

class TarUpload final : public BodySink,
                        private PartReceiver,
                        public std::enable_shared_from_this<TarUpload> {
 public:
  // Hands a task to the thread that may wait for a disk. False: that has too much to do.
  using Post = std::function<bool(std::function<void()>)>;

  // By its type: application/json, a tar (with the words in a header), or a form of two parts.
  // Errors: InvalidArgument; those of UploadSpool::open().
  static Result<std::shared_ptr<TarUpload>> make(const UploadNames& names, const Request& request,
                                                 UploadSpool& spool, std::string caller,
                                                 std::uint64_t most_words, Post post,
                                                 std::function<void()> wake);

  // Whether a body of this type may be a long one.
  static bool has_file(const Request& request);

  std::optional<Response> take(std::string_view bytes) override;
  bool has_room() const override;

  struct Content {
    std::string words;                     // JSON
    std::unique_ptr<SpoolFile> file = {};  // null: none came
  };
  // The rest to the disk. Once, after the last byte, on the thread that may wait. Errors:
  // InvalidArgument with the field as subject; those of SpoolFile.
  Result<Content> finish();

 private:
  TarUpload(const UploadNames& names, std::uint64_t most_words, Post post,
            std::function<void()> wake)
      : names_(names), most_words_(most_words), post_(std::move(post)), wake_(std::move(wake)) {}

  Result<void> begin(const PartHead& head) override;
  Result<void> content(std::string_view bytes) override;
  Result<void> end() override { return {}; }
  Result<void> add(std::string_view bytes);
  // Has what waits written, if that is enough of it and nothing is being written.
  Result<void> pass_on();
  void write(const std::string& bytes);

  const UploadNames& names_;
  const std::uint64_t most_words_;
  const Post post_;
  const std::function<void()> wake_;
  std::optional<MultipartParser> form_;
  std::optional<std::string> words_;
  std::unique_ptr<SpoolFile> file_;
  bool has_file_ = false;
  bool to_words_ = false;
  std::string waiting_;

  mutable std::mutex mutex_;
  bool writing_ = false;
  std::optional<Error> failure_;
};

}  // namespace cordon::server
