#include "server/multipart.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <string>

#include "server/execute_form.h"

namespace cordon::server {
namespace {

constexpr std::string_view kOne =
    "--b\r\nContent-Disposition: form-data; name=\"a\"; filename=\"x/y\"\r\n"
    "Content-Type: text/plain; charset=utf-8\r\n\r\none\r\ntwo\r\n--b--\r\n";

class Transcript final : public PartReceiver {
 public:
  Result<void> begin(const PartHead& head) override {
    text += fmt::format("[{}|{}|{}]", head.name, head.file_name.value_or("-"), head.content_type);
    return {};
  }
  Result<void> content(std::string_view bytes) override {
    EXPECT_FALSE(bytes.empty());
    text += bytes;
    return {};
  }
  Result<void> end() override {
    text += "[end]";
    return {};
  }
  std::string text;
};

// What it read, or what was wrong.
std::string read(std::string_view body, std::size_t piece, const MultipartLimits& limits = {}) {
  Transcript transcript;
  MultipartParser parser("b", limits, transcript);
  for (std::string_view rest = body; !rest.empty();
       rest.remove_prefix(std::min(piece, rest.size()))) {
    if (const auto fed = parser.feed(rest.substr(0, piece)); !fed) return fed.error().detail;
  }
  if (const auto ended = parser.finish(); !ended) return ended.error().detail;
  return transcript.text;
}

std::string one_part(std::string_view head) {
  return fmt::format("--b\r\n{}\r\n\r\nx\r\n--b--", head);
}

TEST(Multipart, ReadsPartsInAnyPieces) {
  for (std::size_t piece = 1; piece <= kOne.size(); ++piece) {
    EXPECT_EQ(read(kOne, piece), "[a|x/y|text/plain]one\r\ntwo[end]") << piece;
  }
}

TEST(Multipart, ContentMayLookLikeABoundary) {
  const std::string content = "\r\n--\r\n--c\r\r\n-b--b\r\n\r\n--";
  const std::string body = fmt::format(
      "--b\r\nContent-Disposition: form-data; name=a\r\n\r\n{}\r\n--b\r\n"
      "content-disposition:form-data;name=\"e\"\r\n\r\n\r\n--b--",
      content);
  for (std::size_t piece = 1; piece <= body.size(); ++piece) {
    EXPECT_EQ(read(body, piece), "[a|-|]" + content + "[end][e|-|][end]") << piece;
  }
}

TEST(Multipart, WhatTwoReadersReadDifferentlyIsRefused) {
  const std::string good = one_part("Content-Disposition: form-data; name=\"a\"");
  ASSERT_EQ(read(good, 7), "[a|-|]x[end]") << "control";
  for (const std::string& body :
       {std::string(),
        "text before\r\n" + good,
        good + "behind",
        good + "\r\n\r\n",
        good.substr(0, good.size() - 2),
        good.substr(0, good.size() - 5),
        std::string("--b--x"),
        std::string("--b \r\n"),
        std::string("--bb\r\n"),
        one_part("Content-Type: text/plain"),
        one_part("Content-Disposition: attachment; name=\"a\""),
        one_part("Content-Disposition: form-data"),
        one_part("Content-Disposition: form-data; filename=\"a\""),
        one_part("Content-Disposition: form-data; name=\"a\"; name=\"b\""),
        one_part("Content-Disposition: form-data; name=\"a\"; filename=\"b\"; filename=\"c\""),
        one_part("Content-Disposition: form-data; name=\"a\"; filename*=utf-8''x"),
        one_part("Content-Disposition: form-data; name=\"a"),
        one_part("Content-Disposition: form-data; name=\"a\" x"),
        one_part("Content-Disposition: form-data; name=\"a\"\r\nContent-Disposition: form-data; "
                 "name=\"b\""),
        one_part("Content-Disposition: form-data;\r\n name=\"a\""),
        one_part("Content-Disposition : form-data; name=\"a\""),
        one_part("Content-Disposition: form-data; name=\"a\nb\""),
        one_part("Content-Disposition: form-data; name=\"a\"\r\nContent-Transfer-Encoding: base64"),
        one_part("no header\r\nContent-Disposition: form-data; name=\"a\"")}) {
    EXPECT_EQ(read(body, 7).find('['), std::string::npos) << body;
    EXPECT_EQ(read(body, 7), read(body, 1)) << body;
  }
}

TEST(Multipart, IsBounded) {
  const MultipartLimits limits{.parts = 2, .head_bytes = 100, .name_bytes = 8};
  const std::string part = "\r\n--b\r\nContent-Disposition: form-data; name=a\r\n\r\n";
  const auto parts = [&](int count) {
    std::string body;
    for (int i = 0; i < count; ++i) body += part;
    return body.substr(2) + "\r\n--b--";
  };
  EXPECT_EQ(read(parts(2), 50, limits), "[a|-|][end][a|-|][end]") << "control";
  EXPECT_EQ(read(parts(3), 50, limits), "it has more than 2 parts");
  const auto named = [&](std::size_t size) {
    return one_part("Content-Disposition: form-data; name=" + std::string(size, 'n'));
  };
  EXPECT_EQ(read(named(8), 50, limits), "[nnnnnnnn|-|]x[end]") << "control";
  EXPECT_EQ(read(named(9), 50, limits), "part 1: its name is longer than 8 bytes");
  EXPECT_EQ(read(named(200), 50, limits), "the head of part 1 is longer than 100 bytes");
  EXPECT_EQ(read("--b\r\n" + std::string(500, 'x'), 50, limits),
            "the head of part 1 is longer than 100 bytes");
}

TEST(Multipart, BoundaryIsWhatTheContentTypeNames) {
  EXPECT_EQ(*boundary_of("multipart/form-data; boundary=----abc"), "----abc");
  EXPECT_EQ(*boundary_of("multipart/form-data;charset=x; BOUNDARY=\"a b:c\""), "a b:c");
  for (const std::string& type :
       {std::string("multipart/form-data"), std::string("multipart/form-data; boundary="),
        std::string("multipart/form-data; boundary=\"\""),
        std::string("multipart/form-data; boundary=a; boundary=b"),
        std::string("multipart/form-data; boundary=\"a \""),
        "multipart/form-data; boundary=" + std::string(71, 'x')}) {
    EXPECT_FALSE(boundary_of(type)) << type;
  }
}

TEST(Multipart, AnExecuteFormHasARequestAndFiles) {
  const auto form = [](std::string_view file) {
    return fmt::format(
        "--b\r\nContent-Disposition: form-data; name=\"files\"; filename=\"{}\"\r\n\r\nprint(1)\r\n"
        "--b\r\nContent-Disposition: form-data; name=\"executables\"; filename=\"run\"\r\n\r\n\r\n"
        "--b\r\nContent-Disposition: form-data; "
        "name=\"request\"\r\n\r\n{{\"command\":\"true\"}}\r\n"
        "--b--\r\n",
        file);
  };
  const auto ask = [&](std::string_view file) {
    return read_execute_form("multipart/form-data; boundary=b", form(file));
  };
  const auto good = ask("src/main.py");
  ASSERT_TRUE(good) << good.error().message();
  EXPECT_EQ(good->command, "true");
  ASSERT_EQ(good->files.size(), 2U);
  EXPECT_EQ(good->files[0].path, "src/main.py");
  EXPECT_EQ(good->files[0].content, "print(1)");
  EXPECT_EQ(good->files[0].mode, 0644U);
  EXPECT_EQ(good->files[1].mode, 0755U);
  for (const std::string file :
       {"../x", "/etc/passwd", "a/../../b", "", ".", "a//b", "run", "run/x"}) {
    const auto refused = ask(file);
    ASSERT_FALSE(refused) << file;
    EXPECT_TRUE(refused.error().subject.starts_with("files[\"")) << refused.error().subject;
  }
  const auto without = read_execute_form("multipart/form-data; boundary=b", "--b--");
  ASSERT_FALSE(without);
  EXPECT_EQ(without.error().subject, "request");
}

}  // namespace
}  // namespace cordon::server
