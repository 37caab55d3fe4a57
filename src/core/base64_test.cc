#include "core/base64.h"

#include <gtest/gtest.h>

#include <string>

namespace cordon {
namespace {

TEST(Base64, IsThatOfTheRfc) {
  const std::pair<std::string, std::string> vectors[] = {{"", ""},
                                                         {"f", "Zg=="},
                                                         {"fo", "Zm8="},
                                                         {"foo", "Zm9v"},
                                                         {"foob", "Zm9vYg=="},
                                                         {"fooba", "Zm9vYmE="},
                                                         {"foobar", "Zm9vYmFy"}};
  for (const auto& [bytes, text] : vectors) {
    EXPECT_EQ(encode_base64(bytes), text);
    EXPECT_EQ(decode_base64(text), bytes);
  }
}

TEST(Base64, KeepsEveryByte) {
  std::string all;
  for (int i = 0; i < 256; ++i) all += static_cast<char>(i);
  for (std::size_t size = 0; size < all.size(); ++size) {
    const std::string bytes = all.substr(all.size() - size);
    EXPECT_EQ(decode_base64(encode_base64(bytes)), bytes) << size;
  }
}

TEST(Base64, RefusesWhatItDidNotMake) {
  for (const char* text : {"Z", "Zg", "Zg=", "Zg===", "=", "====", "Zm9v\n", "Zm 9", "Zm-_",
                           "Z===", "Zh==", "Zm9=", "Zg==Zg==", "Zm9vYg==\n"}) {
    EXPECT_FALSE(decode_base64(text)) << text;
  }
}

}  // namespace
}  // namespace cordon
