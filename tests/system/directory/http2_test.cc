// Reads over HTTP/2, which Graph speaks: the same truth, and what is asked at
// once shares a connection.
#include <algorithm>
#include <set>
#include <vector>

#include "common/testing/status_matchers.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/system/directory/http2_front.h"
#include "tests/system/directory/world.h"

namespace rollcall::directory {
namespace {

using ::testing::IsEmpty;
using ::testing::SizeIs;

TEST(Http2, R18_B6_AFullReadAndARoundShareOneConnection) {
  Http2Front front;
  int64_t requests = 0;
  {
    World world({.users = 3000, .groups = 60, .seed = 31}, {}, &front);
    // So that requests meet.
    world.emulator().faults().Add(
        {.kind = entra::FaultKind::kLatency, .delay = absl::Milliseconds(5)});
    world.Configure(kDepartments);
    const Streamed everything = world.Stream();
    ASSERT_OK(everything.status);
    EXPECT_TRUE(everything.complete());
    EXPECT_EQ(Lines(everything),
              ExpectedLines(world.emulator(), kDepartments, {}));

    const auto newcomer = world.emulator().tenant().AddUser(
        {.user_principal_name = "new.comer@contoso.example"});
    ASSERT_OK(newcomer);
    ASSERT_OK(world.emulator().tenant().AddMember("Sales", *newcomer));
    const std::string leaver = everything.users.front().source_id();
    ASSERT_OK(world.emulator().tenant().DeleteUser(leaver));
    const Streamed changes = world.Changes(everything.trailer->change_cursor());
    ASSERT_OK(changes.status);
    EXPECT_EQ(changes.header->mode(), v1::StreamDesiredStateRequest::CHANGES);
    ASSERT_THAT(changes.users, SizeIs(1));
    EXPECT_EQ(changes.users[0].source_id(), *newcomer);
    ASSERT_THAT(changes.gone, SizeIs(1));
    EXPECT_EQ(changes.gone[0].source_id(), leaver);
    const Streamed again = world.Stream(changes.header->read_id());
    EXPECT_EQ(Lines(again), ExpectedLines(world.emulator(), kDepartments, {}));

    EXPECT_THAT(world.emulator().manners().Sentences(), IsEmpty());
    requests = world.emulator().request_count();
  }

  const std::vector<PassedOn> passed_on = front.Stop();
  EXPECT_THAT(passed_on, SizeIs(requests));
  std::set<int> connections;
  int most_others = 0;
  for (const PassedOn& request : passed_on) {
    EXPECT_EQ(request.http_version, 2);
    connections.insert(request.connection);
    most_others = std::max(most_others, request.others);
  }
  EXPECT_THAT(connections, SizeIs(1));
  EXPECT_GE(most_others, 2);
}

}  // namespace
}  // namespace rollcall::directory
