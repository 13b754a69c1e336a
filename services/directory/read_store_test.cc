#include "services/directory/read_store.h"

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "common/identity/resource_name.h"
#include "common/status/errors.h"
#include "common/store/faulty_store.h"
#include "common/store/key.h"
#include "common/store/proto_table.h"
#include "common/store/rocksdb_store.h"
#include "common/testing/status_matchers.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "services/directory/change_log.h"
#include "services/directory/mirror_keys.h"
#include "services/directory/mirror_view.h"
#include "services/directory/worker.h"

namespace rollcall::directory {
namespace {

using ::rollcall::store::FaultyStore;
using ::rollcall::testing::StatusIs;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

const DirectoryName kDirectory(AccountName("acme"), "d1");

store::StoredRead Header(const std::string& read_id) {
  store::StoredRead header;
  header.set_read_id(read_id);
  return header;
}

store::StoredUser User(const std::string& username) {
  store::StoredUser user;
  user.set_username(username);
  return user;
}

// Walks a read to its end.
std::vector<std::string> Usernames(const MirrorView& mirror,
                                   absl::optional<SourceId> after = {}) {
  std::vector<std::string> names;
  UserCursor cursor = mirror.rows().Users(after);
  while (true) {
    const auto row = cursor.Next();
    EXPECT_OK(row);
    if (!row.ok() || !row->has_value()) return names;
    store::StoredUser user;
    EXPECT_TRUE(user.ParseFromString((*row)->bytes));
    names.push_back(user.username());
  }
}

// Makes a generation the mirror of its directory.
absl::Status Seal(rollcall::store::Store& store, ReadWriter& writer) {
  const auto before = FindMirror(store, writer.place().directory);
  EXPECT_OK(before);
  store::StoredMirror after = before->value_or(store::StoredMirror());
  after.set_generation(writer.place().number);
  after.set_sequence(after.sequence() + 1);
  return writer.Seal(writer.header(), {}, *before, after);
}

class ReadStoreTest : public ::testing::Test {
 protected:
  ReadStoreTest() {
    auto opened = rollcall::store::OpenInMemory();
    EXPECT_OK(opened);
    store_ = *std::move(opened);
    reads_.emplace(*store_);
  }

  std::unique_ptr<ReadWriter> Begin(const std::string& read_id) {
    auto writer = reads_->Begin(kDirectory, Header(read_id));
    EXPECT_OK(writer);
    return *std::move(writer);
  }

  // A sealed read with `users` users.
  void WriteRead(const std::string& read_id, int users = 1) {
    const std::unique_ptr<ReadWriter> writer = Begin(read_id);
    for (int i = 0; i < users; ++i) {
      EXPECT_OK(writer->PutUser(SourceId(1, i), User(read_id)));
    }
    EXPECT_OK(Seal(*store_, *writer));
  }

  // The mirror, if it is of that read.
  std::unique_ptr<MirrorView> Find(const std::string& read_id,
                                   const DirectoryName& name = kDirectory) {
    auto mirror = MirrorView::Open(*store_, name);
    EXPECT_OK(mirror);
    if (*mirror == nullptr || (*mirror)->header().read_id() != read_id) {
      return nullptr;
    }
    return *std::move(mirror);
  }

  int SweepAll(rollcall::store::Store& store) {
    ReadSweeper sweeper(store);
    for (int units = 1;; ++units) {
      const auto pace = sweeper.RunOnce(absl::UnixEpoch());
      EXPECT_OK(pace);
      if (!pace.ok() || *pace == Pace::kRest) return units;
    }
  }

  int CountRows(const char* table) {
    return CountKeys(rollcall::store::Key(table).Build());
  }
  int CountKeys(const std::string& prefix) {
    auto cursor =
        store_->Scan("acme", rollcall::store::KeyRange::Prefix(prefix));
    for (int count = 0;; ++count) {
      const auto entry = cursor->Next();
      EXPECT_OK(entry);
      if (!entry.ok() || !entry->has_value()) return count;
    }
  }

  std::unique_ptr<rollcall::store::Store> store_;
  absl::optional<ReadStore> reads_;
};

TEST_F(ReadStoreTest, R30_AReadThatIsNotSealedIsNeverShown) {
  const std::unique_ptr<ReadWriter> writer = Begin("r1");
  EXPECT_OK(writer->PutUser(SourceId(1, 1), User("ada")));
  EXPECT_EQ(Find("r1"), nullptr);
  EXPECT_OK(writer->Abandon());
  EXPECT_EQ(Find("r1"), nullptr);
}

TEST_F(ReadStoreTest, AMirrorIsWalkedInTheOrderOfIds) {
  const std::unique_ptr<ReadWriter> writer = Begin("r1");
  EXPECT_OK(writer->PutUser(SourceId(2, 0), User("c")));
  EXPECT_OK(writer->PutUser(SourceId(1, 9), User("b")));
  EXPECT_OK(writer->PutUser(SourceId(0, 255), User("a")));
  EXPECT_OK(writer->PutMembers(SourceId(7, 7), {SourceId(2, 0)}));
  EXPECT_OK(writer->MarkCollisions({SourceId(1, 9)}));
  EXPECT_OK(Seal(*store_, *writer));
  const std::unique_ptr<MirrorView> mirror = Find("r1");
  ASSERT_NE(mirror, nullptr);
  EXPECT_THAT(Usernames(*mirror), ElementsAre("a", "b", "c"));
  EXPECT_THAT(Usernames(*mirror, SourceId(0, 255)), ElementsAre("b", "c"));
  EXPECT_THAT(Usernames(*mirror, SourceId(2, 0)), IsEmpty());
  const MirrorReader& rows = mirror->rows();
  EXPECT_THAT(*rows.Members(SourceId(7, 7)), ElementsAre(SourceId(2, 0)));
  EXPECT_THAT(*rows.Members(SourceId(7, 8)), IsEmpty());
  EXPECT_TRUE((*rows.FindUser(SourceId(1, 9)))->username_collides());
  EXPECT_FALSE((*rows.FindUser(SourceId(2, 0)))->username_collides());
  EXPECT_FALSE((*rows.FindUser(SourceId(3, 0))).has_value());
}

TEST_F(ReadStoreTest, A4_ShortNamesOfUsersInScopeAreIndexed) {
  store::StoredRead header = Header("r1");
  header.mutable_directory()->set_username_normalization_enabled(true);
  auto writer = reads_->Begin(kDirectory, header);
  ASSERT_OK(writer);
  store::StoredUser gone = User("ada");
  gone.set_presence(store::StoredUser::ABSENT);
  EXPECT_OK((*writer)->PutUser(SourceId(2, 0), User("ada")));
  EXPECT_OK((*writer)->PutUser(SourceId(1, 9), User("ada")));
  EXPECT_OK((*writer)->PutUser(SourceId(1, 8), gone));
  EXPECT_OK((*writer)->PutUser(SourceId(1, 7), User("adam")));
  EXPECT_OK(Seal(*store_, **writer));
  EXPECT_THAT(*Find("r1")->rows().UsersNamed("ada"),
              ElementsAre(SourceId(1, 9), SourceId(2, 0)));
}

TEST_F(ReadStoreTest, LongMemberListsKeepTheirOrderOverChunks) {
  std::vector<SourceId> users;
  for (uint64_t i = 0; i < 100'000; ++i) users.push_back(SourceId(3, i));
  const std::unique_ptr<ReadWriter> writer = Begin("r1");
  EXPECT_OK(writer->PutMembers(SourceId(7, 7), users));
  EXPECT_OK(Seal(*store_, *writer));
  const auto members = Find("r1")->rows().Members(SourceId(7, 7));
  ASSERT_OK(members);
  EXPECT_EQ(*members, users);
}

TEST_F(ReadStoreTest, SealingTwiceIsRefused) {
  const std::unique_ptr<ReadWriter> writer = Begin("r1");
  EXPECT_OK(Seal(*store_, *writer));
  EXPECT_THAT(Seal(*store_, *writer),
              StatusIs(absl::StatusCode::kAborted, "READ_LOST"));
  EXPECT_THAT(writer->Abandon(),
              StatusIs(absl::StatusCode::kAborted, "READ_LOST"));
}

TEST_F(ReadStoreTest, OnlyTheMirrorAndTheReadUnderWayAreKept) {
  for (const char* id : {"r1", "r2", "r3"}) WriteRead(id);
  const std::unique_ptr<ReadWriter> open = Begin("r4");
  EXPECT_OK(open->PutUser(SourceId(1, 1), User("r4")));
  SweepAll(*store_);
  EXPECT_NE(Find("r3"), nullptr);
  EXPECT_EQ(CountRows("reads"), 2);
  EXPECT_EQ(CountRows("users"), 1);
  // The one under way goes on.
  EXPECT_OK(Seal(*store_, *open));
  EXPECT_THAT(Usernames(*Find("r4")), ElementsAre("r4"));
}

TEST_F(ReadStoreTest, AbandonedReadsAreRemoved) {
  const std::unique_ptr<ReadWriter> writer = Begin("r1");
  EXPECT_OK(writer->PutUser(SourceId(1, 1), User("ada")));
  EXPECT_OK(writer->PutMembers(SourceId(7, 7), {SourceId(1, 1)}));
  EXPECT_OK(writer->PutGroups({{SourceId(7, 7), store::StoredGroup()}}));
  EXPECT_OK(writer->EndLoading());
  EXPECT_EQ(CountRows("users"), 1);
  EXPECT_OK(writer->Abandon());
  SweepAll(*store_);
  for (const char* table : {"reads", "users", "members", "groups"}) {
    EXPECT_EQ(CountRows(table), 0) << table;
  }
}

TEST_F(ReadStoreTest, ReadsAreRemovedInBoundedBatches) {
  WriteRead("r1", 9'000);
  WriteRead("r2");
  WriteRead("r3");
  // 4000, 4000 and the rest; then what tells that nothing is left.
  EXPECT_GE(SweepAll(*store_), 4);
  EXPECT_EQ(CountRows("users"), 1);
}

TEST_F(ReadStoreTest, AReadCanBeWalkedWhileItIsRemoved) {
  WriteRead("r1", 3);
  const std::unique_ptr<MirrorView> read = Find("r1");
  WriteRead("r2");
  WriteRead("r3");
  SweepAll(*store_);
  EXPECT_EQ(Find("r1"), nullptr);
  EXPECT_THAT(Usernames(*read), ElementsAre("r1", "r1", "r1"));
}

TEST_F(ReadStoreTest, OtherDirectoriesAreNotMixedUp) {
  WriteRead("r1");
  const DirectoryName other(AccountName("acme"), "d10");
  auto writer = reads_->Begin(other, Header("x1"));
  ASSERT_OK(writer);
  EXPECT_OK(Seal(*store_, **writer));
  EXPECT_EQ(Find("r1", other), nullptr);
  EXPECT_THAT(Usernames(*Find("x1", other)), IsEmpty());
  EXPECT_THAT(Usernames(*Find("r1")), ElementsAre("r1"));
}

// A crash after each write of a read and of its removal: what is left is
// removed after the next start, and nothing of it is ever shown.
TEST_F(ReadStoreTest, A9_NothingIsLeftOfWhatADeletedDirectoryHadRead) {
  const DirectoryName other(AccountName("acme"), "d10");
  rollcall::store::Batch batch("acme");
  for (const DirectoryName& name : {kDirectory, other}) {
    store::StoredDirectory directory;
    directory.set_directory_id(std::string(name.id()));
    if (name == kDirectory) directory.mutable_delete_time()->set_seconds(1);
    batch.Put(rollcall::store::Key("directories").String(name.id()).Build(),
              rollcall::store::Serialize(directory));
    for (uint64_t user = 0; user < 5000; ++user) {
      batch.Put(mirror_keys::Change(name, 2, SourceId(2, user)), "");
    }
    AppendChangeBatch(name, 2, absl::UnixEpoch(), 5000, batch);
  }
  ASSERT_OK(store_->Commit(batch));
  WriteRead("r1", 5);
  ASSERT_OK(PutFailure(*store_, kDirectory, absl::UnixEpoch(),
                       absl::UnavailableError("down")));
  ASSERT_OK_AND_ASSIGN(const auto writer, reads_->Begin(other, Header("r2")));
  ASSERT_OK(Seal(*store_, *writer));

  EXPECT_GT(SweepAll(*store_), 2);  // In bounded batches.
  EXPECT_EQ(Find("r1"), nullptr);
  EXPECT_EQ(CountRows("users") + CountRows("failures"), 0);
  EXPECT_NE(Find("r2", other), nullptr);
  EXPECT_EQ(CountRows("reads"), 1);
  EXPECT_EQ(CountRows("mirrors"), 1);
  EXPECT_EQ(CountRows("changes"), 5000);
  EXPECT_EQ(CountKeys(mirror_keys::ChangeBatches(kDirectory)), 0);
  EXPECT_GT(CountKeys(mirror_keys::ChangeBatches(other)), 0);
  EXPECT_EQ(CountRows("directories"), 2);  // Its name is never used again.
}

TEST(ReadStoreCrash, B12_ADeadReadLeavesNothing) {
  const std::string path = ::testing::TempDir() + "/read_store_crash";
  for (const auto outcome :
       {FaultyStore::Outcome::kNotWritten, FaultyStore::Outcome::kWritten}) {
    for (int n = 1; n <= 6; ++n) {
      const std::string id = "r" + std::to_string(n);
      {
        auto opened = rollcall::store::OpenRocksDb(
            {.path = path, .owner = "test", .min_free_bytes = 0});
        ASSERT_OK(opened);
        FaultyStore faulty(**opened);
        faulty.FailCommit(n, outcome);
        ReadStore reads(faulty);
        auto writer = reads.Begin(kDirectory, Header(id));
        if (writer.ok()) {
          ReadWriter& read = **writer;
          const SourceId ada(1, 1);
          absl::Status status = read.PutUser(ada, User("ada"));
          if (status.ok()) status = read.PutMembers(SourceId(7, 7), {ada});
          if (status.ok()) status = read.MarkCollisions({ada});
          if (status.ok()) status = Seal(faulty, read);
        }
      }
      auto reopened = rollcall::store::OpenRocksDb(
          {.path = path, .owner = "test", .min_free_bytes = 0});
      ASSERT_OK(reopened);
      ReadStore reads(**reopened);
      const bool sealed =
          n > 4 || (n == 4 && outcome == FaultyStore::Outcome::kWritten);
      const auto mirror = MirrorView::Open(**reopened, kDirectory);
      ASSERT_OK(mirror);
      EXPECT_EQ(*mirror != nullptr && (*mirror)->header().read_id() == id,
                sealed)
          << n;
      if (sealed) {
        EXPECT_THAT(Usernames(**mirror), ElementsAre("ada"));
        continue;
      }
      ReadSweeper sweeper(**reopened);
      while (*sweeper.RunOnce(absl::UnixEpoch()) == Pace::kAgain) {
      }
      auto writer = reads.Begin(kDirectory, Header("next"));
      ASSERT_OK(writer);
      EXPECT_OK(Seal(**reopened, **writer));
      const auto next = MirrorView::Open(**reopened, kDirectory);
      ASSERT_OK(next);
      EXPECT_THAT(Usernames(**next), IsEmpty());
    }
  }
}

}  // namespace
}  // namespace rollcall::directory
