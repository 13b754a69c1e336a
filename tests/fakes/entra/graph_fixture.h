// What the tests of Graph begin with: an emulator, and a client of it.

#ifndef ROLLCALL_TESTS_FAKES_ENTRA_GRAPH_FIXTURE_H_
#define ROLLCALL_TESTS_FAKES_ENTRA_GRAPH_FIXTURE_H_

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "tests/fakes/entra/emulator.h"
#include "tests/fakes/entra/test_client.h"

namespace rollcall::entra {

class GraphTest : public ::testing::Test {
 protected:
  explicit GraphTest(EmulatorOptions options = {})
      : emulator_(StartForTest(std::move(options))) {}

  void SetUp() override {
    ASSERT_NE(emulator_, nullptr);
    client_ = std::make_unique<TestClient>(*emulator_);
  }

  std::string GroupId(absl::string_view name) {
    return emulator_->tenant().FindGroup(name)->id;
  }
  std::string GroupPath(absl::string_view name) {
    return absl::StrCat("/v1.0/groups/", GroupId(name));
  }

  // With the header, and perhaps $count=true in the path, advanced.
  Reply Eventual(const std::string& path) {
    return client_->Graph(path, {"ConsistencyLevel: eventual"});
  }

  static std::string Code(const Reply& reply) {
    return TestClient::Value(reply.body, "code");
  }
  static std::string Message(const Reply& reply) {
    return TestClient::Value(reply.body, "message");
  }
  static std::vector<std::string> Ids(const Reply& reply) {
    return TestClient::Values(reply.body, "id");
  }

  std::unique_ptr<Emulator> emulator_;
  std::unique_ptr<TestClient> client_;
};

}  // namespace rollcall::entra

#endif  // ROLLCALL_TESTS_FAKES_ENTRA_GRAPH_FIXTURE_H_
