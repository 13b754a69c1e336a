// Proves that messages come back whole or not at all.
#include "common/store/proto_table.h"

#include <gtest/gtest.h>

#include "common/store/rocksdb_store.h"
#include "common/testing/status_matchers.h"
#include "google/rpc/error_details.pb.h"

namespace rollcall::store {
namespace {

using ::google::rpc::ErrorInfo;
using ::rollcall::testing::StatusIs;

ErrorInfo Info(const std::string& reason) {
  ErrorInfo info;
  info.set_reason(reason);
  return info;
}

std::unique_ptr<Store> StoreWith(
    const std::vector<std::pair<std::string, std::string>>& rows) {
  std::unique_ptr<Store> store = *OpenInMemory();
  Batch batch("acme");
  for (const auto& [key, value] : rows) batch.Put(key, value);
  EXPECT_OK(store->Commit(batch));
  return store;
}

TEST(ProtoTable, TheSameMessageGivesTheSameBytes) {
  ErrorInfo up, down;
  for (int i = 0; i < 100; ++i) {
    (*up.mutable_metadata())[std::to_string(i)] = "value";
    (*down.mutable_metadata())[std::to_string(99 - i)] = "value";
  }
  EXPECT_EQ(Serialize(up), Serialize(down));
  EXPECT_EQ(Parse<ErrorInfo>(Serialize(up))->metadata_size(), 100);
}

TEST(ProtoTable, GetsWhatWasPut) {
  const auto store = StoreWith({{"a", Serialize(Info("A"))}});
  EXPECT_EQ((*GetMessage<ErrorInfo>(*store, "acme", "a"))->reason(), "A");
  EXPECT_EQ(*GetMessage<ErrorInfo>(*store, "acme", "b"), absl::nullopt);
}

TEST(ProtoTable, ValuesThatDoNotParseAreDataLoss) {
  const auto store = StoreWith({{"a", "\xFF\xFF"}});
  EXPECT_THAT(GetMessage<ErrorInfo>(*store, "acme", "a"),
              StatusIs(absl::StatusCode::kDataLoss,
                       std::string("STORE_VALUE_MALFORMED")));
}

TEST(MessageCursor, WalksInOrderToAnEndThatIsOk) {
  const auto store =
      StoreWith({{"b", Serialize(Info("B"))}, {"a", Serialize(Info("A"))}});
  MessageCursor<ErrorInfo> cursor(*store, "acme", KeyRange::Prefix(""));
  EXPECT_EQ((*cursor.Next())->message.reason(), "A");
  EXPECT_EQ((*cursor.Next())->key, "b");
  const auto end = cursor.Next();
  ASSERT_OK(end);
  EXPECT_FALSE(end->has_value());
}

TEST(MessageCursor, StopsWithAnErrorAtWhatDoesNotParse) {
  const auto store =
      StoreWith({{"a", Serialize(Info("A"))}, {"b", "\xFF\xFF"}});
  MessageCursor<ErrorInfo> cursor(*store, "acme", KeyRange::Prefix(""));
  EXPECT_OK(cursor.Next());
  EXPECT_THAT(cursor.Next(), StatusIs(absl::StatusCode::kDataLoss));
}

}  // namespace
}  // namespace rollcall::store
