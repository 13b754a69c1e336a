#include "services/directory/link_vault.h"

#include <string>

#include "absl/strings/str_cat.h"
#include "common/testing/status_matchers.h"
#include "gtest/gtest.h"

namespace rollcall::directory {
namespace {

using ::absl::StatusCode;
using ::rollcall::testing::StatusIs;

constexpr char kLink[] = "https://graph.test/v1.0/users/delta?$deltatoken=x";

LinkScope Scope() {
  return {DirectoryName(AccountName("acme"), "d1"), "tenant", "id,mail"};
}

class LinkVaultTest : public ::testing::Test {
 protected:
  const std::string key_ = Sealer::GenerateKeyFile();
  const Sealer sealer_ = *Sealer::FromText(key_);
  const LinkVault vault_{sealer_};
  const store::StoredCursor cursor_ =
      vault_.Seal(Scope(), "sixteen bytes...", kLink, absl::UnixEpoch());
};

TEST_F(LinkVaultTest, ALinkOpensWhereItBelongs) {
  ASSERT_OK_AND_ASSIGN(const std::string link, vault_.Open(Scope(), cursor_));
  EXPECT_EQ(link, kLink);
  EXPECT_EQ(cursor_.SerializeAsString().find("deltatoken"), std::string::npos);
}

TEST_F(LinkVaultTest, ALinkThatWasMovedDoesNotOpen) {
  LinkScope elsewhere[] = {Scope(), Scope(), Scope(), Scope()};
  elsewhere[0].directory = DirectoryName(AccountName("acme"), "d2");
  elsewhere[1].directory = DirectoryName(AccountName("other"), "d1");
  elsewhere[2].tenant_id = "another tenant";
  elsewhere[3].select = "id,mail,mobilePhone";
  for (const LinkScope& scope : elsewhere) {
    EXPECT_THAT(vault_.Open(scope, cursor_),
                StatusIs(StatusCode::kDataLoss, "SEAL_BROKEN"));
  }
  // To the key of another slice: with the groups of that one.
  store::StoredCursor other = cursor_;
  other.set_group_ids("other sixteen...");
  EXPECT_THAT(vault_.Open(Scope(), other),
              StatusIs(StatusCode::kDataLoss, "SEAL_BROKEN"));
}

TEST_F(LinkVaultTest, ADamagedLinkDoesNotOpen) {
  const std::string& sealed = cursor_.sealed_link();
  for (size_t at = 0; at < sealed.size(); ++at) {
    store::StoredCursor damaged = cursor_;
    (*damaged.mutable_sealed_link())[at] ^= 1;
    EXPECT_FALSE(vault_.Open(Scope(), damaged).ok()) << at;
    damaged.set_sealed_link(sealed.substr(0, at));
    EXPECT_FALSE(vault_.Open(Scope(), damaged).ok()) << at;
  }
}

TEST_F(LinkVaultTest, AnOldKeyOpensWhileItIsInTheRing) {
  const std::string fresh = Sealer::GenerateKeyFile();
  const Sealer rotated = *Sealer::FromText(absl::StrCat(fresh, "\n", key_));
  EXPECT_OK(LinkVault(rotated).Open(Scope(), cursor_));
  const Sealer other = *Sealer::FromText(fresh);
  EXPECT_THAT(LinkVault(other).Open(Scope(), cursor_),
              StatusIs(StatusCode::kFailedPrecondition, "SEAL_KEY_UNKNOWN"));
}

}  // namespace
}  // namespace rollcall::directory
