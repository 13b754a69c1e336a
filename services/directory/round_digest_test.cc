#include "services/directory/round_digest.h"

#include <algorithm>
#include <random>

#include "absl/types/optional.h"
#include "gtest/gtest.h"

namespace rollcall::directory {
namespace {

const SourceId kAda(1, 1);
const SourceId kBob(1, 2);
const SourceId kSales(7, 1);

UserChange Told(const SourceId& id, Field<std::string> name,
                Field<std::string> mail = {}) {
  UserChange change;
  change.user.id = id;
  change.user.user_principal_name = std::move(name);
  change.user.mail = std::move(mail);
  return change;
}

UserChange Removed(const SourceId& id, Removal removal) {
  UserChange change;
  change.user.id = id;
  change.removal = removal;
  return change;
}

GroupChange Slice(std::vector<MemberChange> members) {
  GroupChange change;
  change.group.id = kSales;
  change.members = std::move(members);
  return change;
}

MemberChange Came(const SourceId& id, MemberKind kind = MemberKind::kUser) {
  return {.member = {id, kind}};
}
MemberChange Went(const SourceId& id, MemberKind kind = MemberKind::kUser) {
  return {.member = {id, kind}, .removed = true};
}

RoundDigest OfUsers(std::vector<UserChange> changes) {
  RoundDigest digest;
  AddUsers(changes, {}, digest);
  return digest;
}

RoundDigest OfGroups(std::vector<GroupChange> changes,
                     std::vector<SkippedObject> skipped = {}) {
  RoundDigest digest;
  AddGroups(changes, skipped, digest);
  return digest;
}

TEST(RoundDigest, AbsentKeepsNullClearsAndTheLastWordCounts) {
  const RoundDigest digest =
      OfUsers({Told(kAda, std::string("ada@a"), std::string("ada@mail")),
               Told(kAda, {}, Field<std::string>::Null()),
               Told(kAda, std::string("ada@b"))});
  const SourceUser& ada = digest.users.at(kAda).user;
  EXPECT_EQ(ada.user_principal_name.value(), "ada@b");
  EXPECT_TRUE(ada.mail.is_null());
  EXPECT_TRUE(ada.display_name.is_absent());
  SourceUser base;
  base.display_name = std::string("Ada");
  base.mail = std::string("old@mail");
  const SourceUser merged = Merge(base, ada);
  EXPECT_EQ(merged.display_name.value(), "Ada");
  EXPECT_TRUE(merged.mail.is_null());
  EXPECT_EQ(Merge(merged, ada).user_principal_name,
            merged.user_principal_name);  // Replays change nothing.
}

TEST(RoundDigest, BothKindsOfRemovalAreRemovals) {
  for (const Removal removal : {Removal::kRestorable, Removal::kFinal}) {
    const RoundDigest digest =
        OfUsers({Told(kAda, std::string("ada@a")), Removed(kAda, removal)});
    EXPECT_TRUE(digest.users.at(kAda).removed);
    EXPECT_FALSE(IsWhole(digest.users.at(kAda)));
  }
}

TEST(RoundDigest, WhoIsRestoredIsWhatWasToldAfterwards) {
  const RoundDigest digest = OfUsers(
      {Told(kAda, std::string("ada@a"), std::string("ada@mail")),
       Removed(kAda, Removal::kRestorable), Told(kAda, std::string("ada@b"))});
  const UserNews& news = digest.users.at(kAda);
  EXPECT_FALSE(news.removed);
  EXPECT_TRUE(IsWhole(news));
  EXPECT_TRUE(news.user.mail.is_absent());
}

TEST(RoundDigest, SlicesAreMergedAndTheLastWordOnAMemberCounts) {
  const RoundDigest digest = OfGroups(
      {Slice({Came(kAda), Came(kBob)}), Slice({Went(kAda)}),
       Slice({Came(kAda), Went(kBob), Came(SourceId(9, 9), MemberKind::kGroup),
              Came(SourceId(8, 8), MemberKind::kDevice)})});
  const GroupNews& sales = digest.groups.at(kSales);
  EXPECT_TRUE(sales.users.at(kAda));
  EXPECT_FALSE(sales.users.at(kBob));
  EXPECT_TRUE(sales.groups.at(SourceId(9, 9)));
  EXPECT_EQ(sales.users.size() + sales.groups.size(), 3u);  // R27
  EXPECT_FALSE(sales.doubtful);
}

TEST(RoundDigest, AGroupThatWasGoneOrUnreadableIsInDoubt) {
  GroupChange gone;
  gone.group.id = kSales;
  gone.removal = Removal::kRestorable;
  const RoundDigest back = OfGroups({gone, Slice({Came(kAda)})});
  EXPECT_FALSE(back.groups.at(kSales).removed);
  EXPECT_TRUE(back.groups.at(kSales).doubtful);
  EXPECT_TRUE(OfGroups({gone}).groups.at(kSales).removed);
  const RoundDigest skipped =
      OfGroups({Slice({Came(kAda)})}, {{"OBJECT_WRONG_TYPE", kSales}});
  EXPECT_TRUE(skipped.groups.at(kSales).doubtful);
  EXPECT_EQ(OfGroups({}, {{"OBJECT_ID_INVALID", {}}}).nameless, 1u);
}

// However a round is cut into slices, repeated and replayed: as long as the
// words about each member keep their order, the sum is the same.
TEST(RoundDigest, SlicesMayBeCutAnywhere) {
  for (unsigned seed = 0; seed < 200; ++seed) {
    std::mt19937 random(seed);
    std::vector<MemberChange> words;
    for (int i = 0; i < 60; ++i) {
      const SourceId id(1, random() % 10);
      words.push_back(random() % 2 == 0 ? Came(id) : Went(id));
    }
    std::vector<GroupChange> slices;
    for (size_t begin = 0; begin < words.size();) {
      const size_t end = std::min(words.size(), begin + random() % 7);
      slices.push_back(Slice({words.begin() + begin, words.begin() + end}));
      if (random() % 5 == 0) slices.push_back(slices.back());  // Twice.
      begin = end;
    }
    EXPECT_EQ(OfGroups(slices).groups.at(kSales).users,
              OfGroups({Slice(words)}).groups.at(kSales).users)
        << "seed " << seed;
  }
}

}  // namespace
}  // namespace rollcall::directory
