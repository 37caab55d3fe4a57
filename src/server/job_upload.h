// The body of POST /api/v1/jobs on its way in: the job's words into memory, its input to the disk.
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

class JobUpload final : public BodySink,
                        private PartReceiver,
                        public std::enable_shared_from_this<JobUpload> {
 public:
  // Hands a task to the thread that may wait for a disk. False: that has too much to do.
  using Post = std::function<bool(std::function<void()>)>;

  // `type`: application/json, a tar (whose job is in the header Cordon-Job), or a form with the
  // parts `job` and `input`. Errors: InvalidArgument; those of UploadSpool::open().
  static Result<std::shared_ptr<JobUpload>> make(const Request& request, UploadSpool& spool,
                                                 std::string caller, std::uint64_t most_words,
                                                 Post post, std::function<void()> wake);

  // Whether a body of this type may be a long one.
  static bool has_file(const Request& request);

  std::optional<Response> take(std::string_view bytes) override;
  bool has_room() const override;

  struct Content {
    std::string words;                      // the JSON of the job
    std::unique_ptr<SpoolFile> input = {};  // null: none came
  };
  // The rest to the disk. Once, after the last byte, on the thread that may wait. Errors:
  // InvalidArgument with the field as subject; those of SpoolFile.
  Result<Content> finish();

 private:
  JobUpload(std::uint64_t most_words, Post post, std::function<void()> wake)
      : most_words_(most_words), post_(std::move(post)), wake_(std::move(wake)) {}

  Result<void> begin(const PartHead& head) override;
  Result<void> content(std::string_view bytes) override;
  Result<void> end() override { return {}; }
  Result<void> add(std::string_view bytes);
  // Has what waits written, if that is enough of it and nothing is being written.
  Result<void> pass_on();
  void write(const std::string& bytes);

  const std::uint64_t most_words_;
  const Post post_;
  const std::function<void()> wake_;
  std::optional<MultipartParser> form_;
  std::optional<std::string> words_;
  std::unique_ptr<SpoolFile> file_;
  bool has_input_ = false;
  bool to_words_ = false;
  std::string waiting_;

  mutable std::mutex mutex_;
  bool writing_ = false;
  std::optional<Error> failure_;
};

}  // namespace cordon::server
