#include "common/http/gunzip.h"

#include <libdeflate.h>

#include <random>
#include <string>

#include "common/status/errors.h"
#include "gtest/gtest.h"

namespace rollcall::http {
namespace {

std::string Gzip(const std::string& text) {
  libdeflate_compressor* const compressor = libdeflate_alloc_compressor(6);
  std::string packed(libdeflate_gzip_compress_bound(compressor, text.size()),
                     '\0');
  packed.resize(libdeflate_gzip_compress(compressor, text.data(), text.size(),
                                         packed.data(), packed.size()));
  libdeflate_free_compressor(compressor);
  return packed;
}

constexpr size_t kEnough = 64 << 20;

TEST(Gunzip, UnpacksWhatWasPacked) {
  std::mt19937 random(1952);
  std::string noise(100000, '\0');
  for (char& c : noise) c = static_cast<char>(random());
  for (const std::string& text :
       {std::string(), std::string("a"), std::string(5000000, 'x'), noise}) {
    const auto unpacked = Gunzip(Gzip(text), kEnough);
    ASSERT_TRUE(unpacked.ok()) << unpacked.status();
    EXPECT_EQ(*unpacked == text, true) << text.size();
  }
}

TEST(Gunzip, UnpacksAllMembers) {
  const auto unpacked = Gunzip(
      Gzip("one,") + Gzip(std::string(100000, '2')) + Gzip(",three"), kEnough);
  ASSERT_TRUE(unpacked.ok()) << unpacked.status();
  EXPECT_EQ(*unpacked == "one," + std::string(100000, '2') + ",three", true);
}

TEST(Gunzip, StopsABombAtTheLimit) {
  const std::string bomb = Gzip(std::string(32 << 20, '\0'));
  ASSERT_LT(bomb.size(), 64u << 10);
  const auto refused = Gunzip(bomb, 1 << 20);
  EXPECT_EQ(refused.status().code(), absl::StatusCode::kResourceExhausted);
  EXPECT_EQ(ReasonOf(refused.status()), "HTTP_BODY_TOO_LARGE");
}

TEST(Gunzip, TheLimitItselfFits) {
  const std::string packed = Gzip(std::string(1000, 'x'));
  EXPECT_TRUE(Gunzip(packed, 1000).ok());
  EXPECT_EQ(ReasonOf(Gunzip(packed, 999).status()), "HTTP_BODY_TOO_LARGE");
}

TEST(Gunzip, BombsInManyMembersAddUp) {
  const std::string member = Gzip(std::string(100000, '\0'));
  std::string bomb;
  for (int i = 0; i < 20; ++i) bomb += member;
  EXPECT_EQ(ReasonOf(Gunzip(bomb, 1 << 20).status()), "HTTP_BODY_TOO_LARGE");
}

// The trailer ends with the size; whatever it says, nothing but an error comes
// of a lie.
TEST(Gunzip, DoesNotBelieveTheTrailer) {
  std::string packed = Gzip(std::string(100000, 'x'));
  for (const char lie : {'\x00', '\x01', '\x7F', '\xFF'}) {
    for (size_t i = 1; i <= 4; ++i) packed[packed.size() - i] = lie;
    EXPECT_EQ(ReasonOf(Gunzip(packed, kEnough).status()),
              "HTTP_BODY_MALFORMED");
  }
}

TEST(Gunzip, ACutOrDamagedBodyIsNeverAShorterOne) {
  const std::string packed = Gzip("{\"value\":[1,2,3]}");
  for (size_t cut = 0; cut < packed.size(); ++cut) {
    EXPECT_EQ(ReasonOf(Gunzip(packed.substr(0, cut), kEnough).status()),
              "HTTP_BODY_MALFORMED")
        << cut;
  }
  std::string damaged = packed;
  damaged[packed.size() / 2] = static_cast<char>(~damaged[packed.size() / 2]);
  EXPECT_FALSE(Gunzip(damaged, kEnough).ok());
  EXPECT_FALSE(Gunzip(packed + "garbage", kEnough).ok());
  EXPECT_FALSE(Gunzip("<html>", kEnough).ok());
}

}  // namespace
}  // namespace rollcall::http
