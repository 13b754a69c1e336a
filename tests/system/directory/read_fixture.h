// For tests: a directory of all departments of a local Entra, which is read
// again and again.
#ifndef ROLLCALL_TESTS_SYSTEM_DIRECTORY_READ_FIXTURE_H_
#define ROLLCALL_TESTS_SYSTEM_DIRECTORY_READ_FIXTURE_H_

#include "common/testing/status_matchers.h"
#include "gtest/gtest.h"
#include "tests/system/directory/world.h"

namespace rollcall::directory {

class ReadTest : public ::testing::Test {
 protected:
  ReadTest() : world_({.users = 400, .groups = 40, .seed = 11}) {}

  // A directory of all departments whose read must equal the truth.
  Streamed ExpectTruth() {
    const Streamed streamed = world_.Stream();
    EXPECT_OK(streamed.status);
    EXPECT_TRUE(streamed.complete());
    EXPECT_EQ(Lines(streamed),
              ExpectedLines(world_.emulator(), kDepartments, options_));
    return streamed;
  }

  void Break(entra::Fault fault) { world_.emulator().faults().Add(fault); }

  World world_;
  v1::Directory options_;
};

}  // namespace rollcall::directory

#endif  // ROLLCALL_TESTS_SYSTEM_DIRECTORY_READ_FIXTURE_H_
