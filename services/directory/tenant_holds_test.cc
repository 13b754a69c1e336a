#include "services/directory/tenant_holds.h"

#include <thread>
#include <vector>

#include "common/store/rocksdb_store.h"
#include "common/testing/status_matchers.h"
#include "gtest/gtest.h"

namespace rollcall::directory {
namespace {

constexpr char kTenant[] = "5f0c4c39-0c2d-4a4c-8a6f-3f5c8d1b2e77";
constexpr char kOther[] = "00000000-0c2d-4a4c-8a6f-3f5c8d1b2e77";
const absl::Time kNoon = absl::FromUnixSeconds(1'760'000'000);

class TenantHoldsTest : public ::testing::Test {
 protected:
  absl::Duration LeftAt(absl::Time now, absl::string_view tenant = kTenant) {
    // As if the process had begun anew.
    const auto left = TenantHolds(*store_).Left(tenant, now);
    EXPECT_OK(left);
    return *left;
  }

  std::unique_ptr<rollcall::store::Store> store_ =
      *rollcall::store::OpenInMemory();
  TenantHolds holds_{*store_};
};

TEST_F(TenantHoldsTest, Section3_1_AHoldLastsAsLongAsGraphAskedAndNoLonger) {
  EXPECT_EQ(LeftAt(kNoon), absl::ZeroDuration());
  EXPECT_OK(holds_.Extend(kTenant, absl::Hours(1), kNoon));
  EXPECT_EQ(LeftAt(kNoon), absl::Hours(1));
  EXPECT_EQ(LeftAt(kNoon + absl::Minutes(20)), absl::Minutes(40));
  EXPECT_EQ(LeftAt(kNoon + absl::Hours(2)), absl::ZeroDuration());
  EXPECT_EQ(LeftAt(kNoon - absl::Hours(24)), absl::Hours(1));  // Set back.
  EXPECT_EQ(LeftAt(kNoon, kOther), absl::ZeroDuration());
}

TEST_F(TenantHoldsTest, Section3_1_AShorterOneEndsNoLongerOne) {
  EXPECT_OK(holds_.Extend(kTenant, absl::Hours(1), kNoon));
  EXPECT_OK(holds_.Extend(kTenant, absl::Seconds(10), kNoon));
  EXPECT_EQ(LeftAt(kNoon), absl::Hours(1));
  const absl::Time later = kNoon + absl::Minutes(59.9);
  EXPECT_OK(holds_.Extend(kTenant, absl::Milliseconds(10'250), later));
  EXPECT_GE(LeftAt(later), absl::Milliseconds(10'250));
  EXPECT_LE(LeftAt(later), absl::Seconds(11));
}

TEST_F(TenantHoldsTest, Section3_1_TheLongestOfSeveralAtOnceIsKept) {
  std::vector<std::thread> threads;
  for (int i = 1; i <= 8; ++i) {
    threads.emplace_back([this, i] {
      EXPECT_OK(holds_.Extend(kTenant, absl::Minutes(i), kNoon));
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(LeftAt(kNoon), absl::Minutes(8));
}

}  // namespace
}  // namespace rollcall::directory
