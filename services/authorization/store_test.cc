#include "services/authorization/store.h"

#include <memory>

#include "common/store/faulty_store.h"
#include "common/store/rocksdb_store.h"
#include "common/testing/status_matchers.h"
#include "common/time/proto_time.h"

namespace rollcall::authorization {
namespace {

using ::absl::StatusCode;
using ::rollcall::testing::IsOk;
using ::rollcall::testing::StatusIs;
using Faulty = ::rollcall::store::FaultyStore;

const absl::Time kNoon = absl::FromUnixSeconds(1772366400);

class StoreTest : public ::testing::Test {
 protected:
  store::PendingAuthorization ExpiringAt(absl::Time time) {
    store::PendingAuthorization pending;
    pending.set_state(store::PendingAuthorization::AWAITING_REDIRECT);
    *pending.mutable_expire_time() = ToTimestamp(time);
    return pending;
  }

  const std::unique_ptr<rollcall::store::Store> database_ =
      *rollcall::store::OpenInMemory();
  Faulty faulty_{*database_};
  AuthorizationStore store_{faulty_};
  const AccountName account_{"acme"};
  const PendingAuthorizationName pending_{account_, "p1"};
};

TEST_F(StoreTest, ChangesOnlyWhatItWasDecidedOn) {
  ASSERT_THAT(store_.CreatePending(pending_, ExpiringAt(kNoon)), IsOk());
  const StoredPending seen = **store_.GetPending(pending_);
  store::PendingAuthorization changed = seen.message;
  changed.set_return_uri("https://one.test");
  ASSERT_THAT(store_.UpdatePending(pending_, seen, changed), IsOk());

  EXPECT_THAT(store_.UpdatePending(pending_, seen, seen.message),
              StatusIs(StatusCode::kAborted, "STORE_CONFLICT"));
  EXPECT_THAT(store_.DeletePending(pending_, seen),
              StatusIs(StatusCode::kAborted));
  EXPECT_THAT(store_.Confirm(pending_, seen, ConnectionName(account_, "c1"),
                             store::Connection()),
              StatusIs(StatusCode::kAborted));
  EXPECT_EQ((*store_.GetPending(pending_))->message.return_uri(),
            "https://one.test");
  EXPECT_FALSE(
      store_.GetConnection(ConnectionName(account_, "c1"))->has_value());
}

TEST_F(StoreTest, ListsWhatIsDueInOrderAndNothingElse) {
  const PendingAuthorizationName other(AccountName("beta"), "p2");
  ASSERT_THAT(store_.CreatePending(pending_, ExpiringAt(kNoon)), IsOk());
  ASSERT_THAT(store_.CreatePending(other, ExpiringAt(kNoon - absl::Seconds(1))),
              IsOk());
  EXPECT_EQ(store_.ListDue(kNoon - absl::Seconds(2), 10)->size(), 0u);
  const auto due = store_.ListDue(kNoon, 10);
  ASSERT_THAT(due, IsOk());
  ASSERT_EQ(due->size(), 2u);
  EXPECT_EQ((*due)[0].name, other);
  EXPECT_EQ((*due)[1].name, pending_);
  EXPECT_EQ(store_.ListDue(kNoon, 1)->size(), 1u);
  EXPECT_THAT(store_.DropDue((*due)[0]), IsOk());
  EXPECT_EQ(store_.ListDue(kNoon, 10)->size(), 1u);
}

// Whatever commit fails: no record is left that nothing will expire.
TEST_F(StoreTest, ARecordIsNeverWithoutItsDueEntry) {
  for (const auto outcome :
       {Faulty::Outcome::kNotWritten, Faulty::Outcome::kWritten}) {
    for (int n = 1; n <= 2; ++n) {
      const PendingAuthorizationName name(
          account_, absl::StrCat("p", n, static_cast<int>(outcome)));
      faulty_.FailCommit(n, outcome);
      EXPECT_FALSE(store_.CreatePending(name, ExpiringAt(kNoon)).ok());
      faulty_.Heal();
      const bool stored = store_.GetPending(name)->has_value();
      bool due = false;
      const auto entries = store_.ListDue(kNoon, 10);
      ASSERT_THAT(entries, IsOk());
      for (const DueEntry& entry : *entries) due |= entry.name == name;
      EXPECT_TRUE(due || !stored) << name.ToString();
    }
  }
}

TEST_F(StoreTest, KeepsAccountsApart) {
  const AccountName other("beta");
  ASSERT_THAT(store_.CreateAccount(account_, store::Account()), IsOk());
  ASSERT_THAT(store_.CreateAccount(other, store::Account()), IsOk());
  ASSERT_THAT(store_.CreatePending(pending_, ExpiringAt(kNoon)), IsOk());
  const StoredPending seen = **store_.GetPending(pending_);
  ASSERT_THAT(store_.Confirm(pending_, seen, ConnectionName(account_, "c1"),
                             store::Connection()),
              IsOk());
  EXPECT_EQ(store_.ListConnections(account_, "", 10)->size(), 1u);
  EXPECT_EQ(store_.ListConnections(other, "", 10)->size(), 0u);
  EXPECT_EQ(store_.ListAccounts("", 10)->size(), 2u);
  EXPECT_EQ(store_.ListAccounts("acme", 10)->size(), 1u);
}

}  // namespace
}  // namespace rollcall::authorization
