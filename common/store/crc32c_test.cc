// Proves the checksum by the vectors of RFC 3720, appendix B.4.
#include "common/store/crc32c.h"

#include <gtest/gtest.h>

#include <string>

namespace rollcall::store {
namespace {

TEST(Crc32c, MatchesTheVectorsOfRfc3720) {
  std::string rising, falling;
  for (char i = 0; i < 32; ++i) {
    rising.push_back(i);
    falling.push_back(static_cast<char>(31 - i));
  }
  EXPECT_EQ(ExtendCrc32c(0, std::string(32, '\0')), 0x8A9136AAu);
  EXPECT_EQ(ExtendCrc32c(0, std::string(32, '\xFF')), 0x62A8AB43u);
  EXPECT_EQ(ExtendCrc32c(0, rising), 0x46DD794Eu);
  EXPECT_EQ(ExtendCrc32c(0, falling), 0x113FDB5Cu);
  EXPECT_EQ(ExtendCrc32c(0, "123456789"), 0xE3069283u);
  EXPECT_EQ(ExtendCrc32c(0, ""), 0u);
}

TEST(Crc32c, IsTheSameInPieces) {
  const std::string text = "The quick brown fox jumps over the lazy dog.";
  for (size_t i = 0; i <= text.size(); ++i) {
    EXPECT_EQ(ExtendCrc32c(ExtendCrc32c(0, text.substr(0, i)), text.substr(i)),
              ExtendCrc32c(0, text))
        << i;
  }
}

TEST(Crc32c, IsTheSameWithoutTheInstruction) {
  std::string text;
  for (int size = 0; size < 100; ++size) {
    EXPECT_EQ(ExtendCrc32cByTables(7, text), ExtendCrc32c(7, text)) << size;
    text.push_back(static_cast<char>(37 * size));
  }
}

}  // namespace
}  // namespace rollcall::store
