// An HTTPS client for tests of the emulator: libcurl, trusting its CA only.

#ifndef ROLLCALL_TESTS_FAKES_ENTRA_TEST_CLIENT_H_
#define ROLLCALL_TESTS_FAKES_ENTRA_TEST_CLIENT_H_

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "tests/fakes/entra/emulator.h"

namespace rollcall::entra {

struct Reply {
  int status = 0;                              // 0: the connection broke
  std::map<std::string, std::string> headers;  // lower-case names
  std::string body;
};

// Keeps its connection. One thread.
class TestClient {
 public:
  explicit TestClient(const Emulator& emulator);
  ~TestClient();

  // `url` is absolute, or a path at the origin of the emulator. Headers are
  // whole lines.
  Reply Get(const std::string& url,
            const std::vector<std::string>& headers = {});
  Reply Post(const std::string& url, const std::string& body,
             const std::vector<std::string>& headers = {});
  // At the control API, by any method.
  Reply Control(const std::string& method, const std::string& path,
                const std::string& body = "");

  // Of the token endpoint; the fields are those beside grant_type and scope.
  Reply RequestToken(const std::string& fields);
  std::string Token();

  // These send a token of the right secret.
  Reply Graph(const std::string& path, std::vector<std::string> headers = {});
  Reply PostGraph(const std::string& path, const std::string& body);

  // The values of one JSON text member, wherever it occurs: "id" of a list.
  static std::vector<std::string> Values(absl::string_view json,
                                         absl::string_view name);
  // The first of them, or empty.
  static std::string Value(absl::string_view json, absl::string_view name);

  // Follows next links, and returns the ids of all pages.
  std::vector<std::string> AllIds(const std::string& path);

  static std::string Encode(absl::string_view text);

 private:
  struct Curl;
  Reply Send(const std::string& method, const std::string& url,
             const std::string& body, const std::vector<std::string>& headers);

  const Emulator& emulator_;
  const std::unique_ptr<Curl> curl_;
  std::string token_;
};

// An emulator with a small tenant and its CA in the test's directory.
std::unique_ptr<Emulator> StartForTest(EmulatorOptions options = {});

}  // namespace rollcall::entra

#endif  // ROLLCALL_TESTS_FAKES_ENTRA_TEST_CLIENT_H_
