// How well directories are kept in step, as the mirror's rows tell it.
#include "services/directory/directory_health.h"

#include <string>

#include "absl/strings/match.h"
#include "common/metrics/metrics.h"
#include "common/store/key.h"
#include "common/store/proto_table.h"
#include "common/testing/status_matchers.h"
#include "common/time/proto_time.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "services/directory/health_gauges.h"
#include "services/directory/manager_fixture.h"

namespace rollcall::directory {
namespace {

using ::absl::StatusCode;
using ::rollcall::store::Key;
using ::rollcall::testing::StatusIs;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

class HealthTest : public ManagerTest {
 protected:
  HealthTest() { EXPECT_OK(Create("d1")); }

  absl::StatusOr<v1::DirectoryHealth> GetHealth(const std::string& id = "d1") {
    v1::GetDirectoryHealthRequest request;
    request.set_name(absl::StrCat("accounts/acme/directories/", id));
    return manager_.GetHealth(request);
  }

  void Put(const std::string& key, const google::protobuf::MessageLite& row) {
    rollcall::store::Batch batch("acme");
    batch.Put(key, rollcall::store::Serialize(row));
    ASSERT_OK(store_->Commit(batch));
  }

  void PutMirror(const store::StoredMirror& mirror,
                 const std::string& id = "d1") {
    Put(Key("mirrors").String(id).Build(), mirror);
  }

  // A mirror that was current so long ago.
  store::StoredMirror CurrentUntil(absl::Duration ago) {
    store::StoredMirror mirror;
    mirror.set_generation(7);
    *mirror.mutable_current_as_of() = ToTimestamp(clock_.TimeNow() - ago);
    return mirror;
  }
};

TEST_F(HealthTest, BeforeTheFirstReadNothingIsKnown) {
  ASSERT_OK_AND_ASSIGN(const v1::DirectoryHealth health, GetHealth());
  EXPECT_EQ(health.name(), "accounts/acme/directories/d1");
  EXPECT_EQ(health.state(), v1::Directory::SETUP_INCOMPLETE);
  EXPECT_FALSE(health.complete());
  EXPECT_THAT(health.incomplete_reasons(),
              ElementsAre("The tenant has not been read yet."));
  EXPECT_FALSE(health.has_full_read_time());
  EXPECT_FALSE(health.has_oldest_unapplied_change_age());
  EXPECT_FALSE(health.has_last_failure());
  EXPECT_FALSE(health.has_audit());
  EXPECT_EQ(health.throttle_used(), 0);
  EXPECT_THAT(GetHealth("none"),
              StatusIs(StatusCode::kNotFound, "DIRECTORY_NOT_FOUND"));
}

TEST_F(HealthTest, B11_TheAgeOfTheOldestChangeGrowsUntilTheNextRound) {
  PutMirror(CurrentUntil(absl::Milliseconds(1500)));
  ASSERT_OK_AND_ASSIGN(v1::DirectoryHealth health, GetHealth());
  EXPECT_EQ(health.oldest_unapplied_change_age().seconds(), 1);
  EXPECT_EQ(health.oldest_unapplied_change_age().nanos(), 500'000'000);
  clock_.AdvanceTime(absl::Minutes(5));
  ASSERT_OK_AND_ASSIGN(health, GetHealth());
  EXPECT_EQ(health.oldest_unapplied_change_age().seconds(), 301);
  // A clock that has gone back makes no age negative.
  PutMirror(CurrentUntil(-absl::Hours(1)));
  ASSERT_OK_AND_ASSIGN(health, GetHealth());
  EXPECT_EQ(health.oldest_unapplied_change_age().seconds(), 0);
}

TEST_F(HealthTest, B6_TheMirrorsFactsAreTold) {
  store::StoredMirror mirror = CurrentUntil(absl::Seconds(10));
  *mirror.mutable_full_read_time() =
      ToTimestamp(clock_.TimeNow() - absl::Hours(3));
  mirror.add_incomplete_reasons("A page did not come.");
  mirror.mutable_counts()->set_users(1000);
  mirror.set_group_count(12);
  mirror.mutable_audit()->set_checked_objects(20);
  mirror.mutable_audit()->set_total_objects(1012);
  mirror.mutable_audit()->set_drifted_objects(3);
  PutMirror(mirror);
  store::StoredCursor cursor;
  *cursor.mutable_issue_time() = ToTimestamp(clock_.TimeNow());
  cursor.set_sealed_link("sealed");
  const auto cursor_key = [](uint64_t generation, uint64_t slice) {
    return Key("cursors").String("d1").Uint64(generation).Uint64(slice).Build();
  };
  Put(cursor_key(7, 0), cursor);
  cursor.set_group_ids(std::string(32, 'x'));
  Put(cursor_key(7, 1), cursor);
  Put(cursor_key(6, 0), cursor);  // Of a generation that is not in use.
  store::StoredFailure failure;
  failure.set_reason("GRAPH_UNAVAILABLE");
  failure.set_message("Graph could not be reached.");
  Put(Key("failures").String("d1").Build(), failure);

  ASSERT_OK_AND_ASSIGN(const v1::DirectoryHealth health, GetHealth());
  EXPECT_EQ(health.full_read_time().seconds(), 1'760'000'000 - 3 * 3600);
  EXPECT_FALSE(health.complete());
  EXPECT_THAT(health.incomplete_reasons(), ElementsAre("A page did not come."));
  EXPECT_EQ(health.user_count(), 1000);
  EXPECT_EQ(health.group_count(), 12);
  EXPECT_EQ(health.audit().checked_objects(), 20);
  EXPECT_EQ(health.audit().total_objects(), 1012);
  EXPECT_EQ(health.audit().drifted_objects(), 3);
  ASSERT_EQ(health.cursors_size(), 2);
  EXPECT_EQ(health.cursors(0).kind(), v1::CursorHealth::USERS);
  EXPECT_EQ(health.cursors(1).kind(), v1::CursorHealth::GROUPS);
  EXPECT_EQ(health.cursors(1).group_count(), 2);
  EXPECT_EQ(health.cursors(1).issue_time().seconds(), 1'760'000'000);
  EXPECT_EQ(health.last_failure().reason(), "GRAPH_UNAVAILABLE");
}

TEST_F(HealthTest, A9_NobodyKeepsADeletedDirectoryInStep) {
  PutMirror(CurrentUntil(absl::Hours(1)));
  v1::DeleteDirectoryRequest request;
  request.set_name("accounts/acme/directories/d1");
  ASSERT_OK(manager_.Delete(request));
  ASSERT_OK_AND_ASSIGN(const v1::DirectoryHealth health, GetHealth());
  EXPECT_EQ(health.state(), v1::Directory::DELETED);
  EXPECT_FALSE(health.has_oldest_unapplied_change_age());
}

std::string AgeOf(const std::string& account, const std::string& directory,
                  int seconds) {
  return absl::StrCat(
      "rollcall_directory_oldest_unapplied_change_seconds{account=\"", account,
      "\",directory=\"", directory, "\"} ", seconds, "\n");
}

TEST_F(HealthTest, B11_OperatorsSeeTheAgeOfTheOldestChange) {
  ASSERT_OK(Create("d2"));
  ASSERT_OK(Create("d3"));
  ASSERT_OK(Create("d4"));
  PutMirror(CurrentUntil(absl::Seconds(10)), "d1");
  PutMirror(CurrentUntil(absl::Seconds(20)), "d2");
  PutMirror(CurrentUntil(absl::Seconds(30)), "d3");
  HealthGauges gauges(*store_, /*max_told_apart=*/1);
  ASSERT_OK(gauges.RunOnce(clock_.TimeNow()));
  EXPECT_THAT(MetricsText(), HasSubstr(AgeOf("acme", "d1", 10)));
  // Whatever the number of directories, there are no more labels; the oldest
  // counts.
  EXPECT_THAT(MetricsText(), HasSubstr(AgeOf("other", "other", 30)));
  EXPECT_THAT(MetricsText(), Not(HasSubstr("\"d2\"")));

  v1::DeleteDirectoryRequest request;
  request.set_name("accounts/acme/directories/d1");
  ASSERT_OK(manager_.Delete(request));
  ASSERT_OK(gauges.RunOnce(clock_.TimeNow()));
  EXPECT_THAT(MetricsText(), HasSubstr(AgeOf("acme", "d1", 0)));
}

TEST_F(HealthTest, B6_DriftIsCountedOnce) {
  store::StoredMirror mirror = CurrentUntil(absl::Seconds(10));
  mirror.mutable_audit()->set_drifted_objects(3);
  PutMirror(mirror);
  HealthGauges gauges(*store_);
  const auto& counter = Counter("rollcall_directory_drifted_objects_total", "",
                                {{"account", "acme"}, {"directory", "d1"}});
  const double before = counter.Value();
  ASSERT_OK(gauges.RunOnce(clock_.TimeNow()));
  ASSERT_OK(gauges.RunOnce(clock_.TimeNow()));
  EXPECT_EQ(counter.Value() - before, 3);
  mirror.mutable_audit()->set_drifted_objects(5);
  PutMirror(mirror);
  ASSERT_OK(gauges.RunOnce(clock_.TimeNow()));
  EXPECT_EQ(counter.Value() - before, 5);
}

}  // namespace
}  // namespace rollcall::directory
