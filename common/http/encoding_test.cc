#include "common/http/encoding.h"

#include <string>

#include "gtest/gtest.h"

namespace rollcall::http {
namespace {

TEST(PercentEncode, LeavesOnlyUnreservedCharacters) {
  EXPECT_EQ(PercentEncode("AZaz09-._~"), "AZaz09-._~");
  EXPECT_EQ(PercentEncode("a b+c&d=e%/\xC3\xA4"),
            "a%20b%2Bc%26d%3De%25%2F%C3%A4");
  EXPECT_EQ(PercentEncode(std::string("\0", 1)), "%00");
}

TEST(FormEncode, EncodesBothSides) {
  EXPECT_EQ(FormEncode({}), "");
  EXPECT_EQ(FormEncode({{"client secret", "a+/=~"}, {"b", ""}}),
            "client%20secret=a%2B%2F%3D~&b=");
}

}  // namespace
}  // namespace rollcall::http
