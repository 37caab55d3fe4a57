#include "server/execute_form.h"

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "core/try.h"
#include "server/files_field.h"
#include "server/multipart.h"
#include "server/part_head.h"

namespace cordon::server {

namespace {

std::unexpected<Error> refuse(std::string_view field, std::string detail) {
  return std::unexpected(
      invalid_argument({}, std::string(field.substr(0, 100)), std::move(detail)));
}

class FormReader final : public PartReceiver {
 public:
  Result<void> begin(const PartHead& head) override {
    if (head.name == "request") {
      if (request_) return refuse("request", "it is there twice");
      to_ = &request_.emplace();
      return {};
    }
    const bool executable = head.name == "executables";
    if (head.name != "files" && !executable) {
      return refuse(head.name, "there is no such part; there is request, files and executables");
    }
    if (!head.file_name) {
      return refuse(head.name, "it has no filename, which is its path below the work directory");
    }
    files_.push_back({.path = *head.file_name, .content = {}, .mode = executable ? 0755U : 0644U});
    to_ = &files_.back().content;
    return {};
  }
  Result<void> content(std::string_view bytes) override {
    *to_ += bytes;
    return {};
  }
  Result<void> end() override { return {}; }

  Result<ExecuteBody> body() {
    if (!request_) return refuse("request", "this part is missing: the JSON of the request");
    ExecuteBody body = TRY(read_execute_body(*request_));
    if (files_.empty()) return body;
    if (!body.files.empty()) return refuse("files", "they are parts, or in the request, not both");
    TRY(check_files(files_));
    body.files = std::move(files_);
    return body;
  }

 private:
  std::optional<std::string> request_;
  std::vector<InputFile> files_;
  std::string* to_ = nullptr;
};

}  // namespace

Result<ExecuteBody> read_execute_form(std::string_view content_type, std::string_view body) {
  const auto boundary = boundary_of(content_type);
  if (!boundary) return refuse("body", boundary.error());
  FormReader reader;
  MultipartParser parser(*boundary, {}, reader);
  TRY(parser.feed(body));
  TRY(parser.finish());
  return reader.body();
}

}  // namespace cordon::server
