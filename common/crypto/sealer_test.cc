#include "common/crypto/sealer.h"

#include <sys/stat.h>

#include <cstdlib>
#include <fstream>
#include <string>

#include "absl/strings/str_cat.h"
#include "common/crypto/digest.h"
#include "common/status/errors.h"
#include "gtest/gtest.h"

namespace rollcall {
namespace {

constexpr char kContext[] = "acme/connections/c1/credential";

Sealer NewSealer() { return *Sealer::FromText(Sealer::GenerateKeyFile()); }

TEST(Sealer, OpensWhatItSealed) {
  const Sealer sealer = NewSealer();
  for (const std::string& text :
       {std::string("hunter2"), std::string(), std::string(100000, 'x'),
        std::string("a\0b", 3)}) {
    const auto opened =
        sealer.Open(sealer.Seal(Secret(text), kContext), kContext);
    ASSERT_TRUE(opened.ok()) << opened.status();
    EXPECT_EQ(opened->Reveal(), text);
  }
}

TEST(Sealer, SealedValueTellsNothing) {
  const Sealer sealer = NewSealer();
  const std::string sealed = sealer.Seal(Secret("hunter2"), kContext);
  EXPECT_EQ(sealed.find("hunter2"), std::string::npos);
  EXPECT_NE(sealed, sealer.Seal(Secret("hunter2"), kContext));
}

TEST(Sealer, RefusesAValueMovedToAnotherPlace) {
  const Sealer sealer = NewSealer();
  const std::string sealed = sealer.Seal(Secret("hunter2"), kContext);
  const auto moved = sealer.Open(sealed, "acme/connections/c2/credential");
  EXPECT_EQ(moved.status().code(), absl::StatusCode::kDataLoss);
  EXPECT_EQ(ReasonOf(moved.status()), "SEAL_BROKEN");
}

// Every single byte matters: version, key id, nonce, ciphertext and tag.
TEST(Sealer, RefusesAnyFlippedByteAndAnyCut) {
  const Sealer sealer = NewSealer();
  const std::string sealed = sealer.Seal(Secret("hunter2"), kContext);
  for (size_t i = 0; i < sealed.size(); ++i) {
    std::string flipped = sealed;
    flipped[i] = static_cast<char>(flipped[i] ^ 1);
    EXPECT_FALSE(sealer.Open(flipped, kContext).ok()) << i;
    EXPECT_FALSE(sealer.Open(sealed.substr(0, i), kContext).ok()) << i;
  }
  EXPECT_FALSE(sealer.Open(sealed + "x", kContext).ok());
}

TEST(Sealer, RefusesAnotherKeyUnderTheSameId) {
  const Sealer a =
      *Sealer::FromText("k YWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWE=");
  const Sealer b =
      *Sealer::FromText("k YmJiYmJiYmJiYmJiYmJiYmJiYmJiYmJiYmJiYmJiYmI=");
  const auto opened = b.Open(a.Seal(Secret("hunter2"), kContext), kContext);
  EXPECT_EQ(ReasonOf(opened.status()), "SEAL_BROKEN");
}

TEST(Sealer, KeysAreRotatedWithoutLosingAnything) {
  const std::string old_line = Sealer::GenerateKeyFile();
  const std::string new_line = Sealer::GenerateKeyFile();
  const Sealer before = *Sealer::FromText(old_line);
  const Sealer during = *Sealer::FromText(absl::StrCat(new_line, old_line));
  const Sealer after = *Sealer::FromText(new_line);
  const std::string sealed_before = before.Seal(Secret("hunter2"), kContext);
  EXPECT_TRUE(before.IsCurrent(sealed_before));

  // Both keys open, the new one seals.
  EXPECT_FALSE(during.IsCurrent(sealed_before));
  const auto opened = during.Open(sealed_before, kContext);
  ASSERT_TRUE(opened.ok()) << opened.status();
  const std::string resealed = during.Seal(*opened, kContext);
  EXPECT_TRUE(during.IsCurrent(resealed));

  // Once the old line is dropped, only what was resealed opens.
  EXPECT_EQ(after.Open(resealed, kContext)->Reveal(), "hunter2");
  const auto lost = after.Open(sealed_before, kContext);
  EXPECT_EQ(lost.status().code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(ReasonOf(lost.status()), "SEAL_KEY_UNKNOWN");
}

TEST(Sealer, DerivesAKeyForEachPurpose) {
  const std::string line = Sealer::GenerateKeyFile();
  const Sealer sealer = *Sealer::FromText(line);
  EXPECT_EQ(sealer.DeriveKey("link").Reveal().size(), 32u);
  EXPECT_EQ(sealer.DeriveKey("link"),
            Sealer::FromText(line)->DeriveKey("link"));
  EXPECT_NE(sealer.DeriveKey("link"), sealer.DeriveKey("page"));
  EXPECT_NE(sealer.DeriveKey("link"), NewSealer().DeriveKey("link"));
}

TEST(Sealer, DerivesByTheRulesOfRfc5869) {
  // HKDF without salt, computed by hand: extract with 32 zero bytes, expand
  // once.
  const Sealer sealer =
      *Sealer::FromText("k YWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWE=");
  const std::string extracted =
      HmacSha256(Secret(std::string(32, '\0')), std::string(32, 'a'));
  EXPECT_EQ(sealer.DeriveKey("link").Reveal(),
            HmacSha256(Secret(extracted), std::string("link\x01")));
}

TEST(KeyFile, SkipsCommentsAndEmptyLines) {
  const auto sealer = Sealer::FromText(
      absl::StrCat("# made today\n\n  \n", Sealer::GenerateKeyFile()));
  EXPECT_TRUE(sealer.ok()) << sealer.status();
}

TEST(KeyFile, MalformedOnesAreRefusedWithoutRepeatingAKey) {
  const std::string good = Sealer::GenerateKeyFile();
  const std::string secret = "c2VjcmV0c2VjcmV0c2VjcmV0";
  const std::string wrong[] = {
      "",
      "# only a comment\n",
      "id\n",
      absl::StrCat("id ", secret, "\n"),            // Too short.
      absl::StrCat("id ", secret, secret, secret),  // Too long.
      absl::StrCat("id *", secret, "*\n"),
      absl::StrCat(std::string(33, 'i'), " ", secret, "\n"),
      absl::StrCat("i.d ", secret, "\n"),
      absl::StrCat(good, good),  // The same id twice.
      absl::StrCat(good, secret, "\n"),
  };
  for (const std::string& text : wrong) {
    const auto sealer = Sealer::FromText(text);
    EXPECT_EQ(ReasonOf(sealer.status()), "KEY_FILE_MALFORMED") << text;
    EXPECT_EQ(sealer.status().ToString().find(secret), std::string::npos);
  }
}

std::string WriteFile(const std::string& name, const std::string& text,
                      mode_t mode) {
  const std::string path = absl::StrCat(std::getenv("TEST_TMPDIR"), "/", name);
  std::ofstream(path) << text;
  EXPECT_EQ(chmod(path.c_str(), mode), 0);
  return path;
}

TEST(KeyFile, IsRead) {
  const std::string text = Sealer::GenerateKeyFile();
  const auto sealer = Sealer::FromFile(WriteFile("good", text, 0600));
  ASSERT_TRUE(sealer.ok()) << sealer.status();
  const std::string sealed =
      Sealer::FromText(text)->Seal(Secret("hunter2"), kContext);
  EXPECT_EQ(sealer->Open(sealed, kContext)->Reveal(), "hunter2");
}

TEST(KeyFile, IsRefusedIfOthersMayUseIt) {
  for (const mode_t mode : {0640, 0604, 0620, 0602, 0666, 0610}) {
    const auto sealer = Sealer::FromFile(
        WriteFile(absl::StrCat("mode", mode), Sealer::GenerateKeyFile(), mode));
    EXPECT_EQ(ReasonOf(sealer.status()), "KEY_FILE_UNREADABLE") << mode;
  }
}

TEST(KeyFile, MustBeAFile) {
  const std::string directory = std::getenv("TEST_TMPDIR");
  EXPECT_EQ(ReasonOf(Sealer::FromFile(directory).status()),
            "KEY_FILE_UNREADABLE");
  EXPECT_EQ(ReasonOf(Sealer::FromFile(directory + "/missing").status()),
            "KEY_FILE_UNREADABLE");
}

}  // namespace
}  // namespace rollcall
