// What stands before the local Entra, as something does before Graph: HTTP/2
// for whoever speaks it. A real proxy, haproxy, which tells afterwards what it
// passed on, and how.
#ifndef ROLLCALL_TESTS_SYSTEM_DIRECTORY_HTTP2_FRONT_H_
#define ROLLCALL_TESTS_SYSTEM_DIRECTORY_HTTP2_FRONT_H_

#include <sys/types.h>

#include <string>
#include <vector>

#include "common/testing/certificates.h"

namespace rollcall::directory {

// A request and its answer.
struct PassedOn {
  int http_version = 0;  // 1 or 2.
  int connection = 0;    // The port of the client.
  int others = 0;        // That were under way still when it was answered.
};

// One thread.
class Http2Front {
 public:
  // Has its address; who connects waits until it serves.
  Http2Front();
  ~Http2Front();
  Http2Front(const Http2Front&) = delete;
  Http2Front& operator=(const Http2Front&) = delete;

  std::string origin() const;   // https://localhost:PORT
  std::string ca_file() const;  // Of its own authority.

  // Passes everything on to a local server, whose certificate comes from this
  // authority.
  void Serve(int port, const std::string& ca_file);

  // Lets what is under way end, and tells of everything that was passed on.
  std::vector<PassedOn> Stop();

 private:
  std::string LogFile() const;

  rollcall::testing::TestAuthority authority_;
  int listener_ = -1;
  int port_ = 0;
  pid_t process_ = 0;  // 0: none.
};

}  // namespace rollcall::directory

#endif  // ROLLCALL_TESTS_SYSTEM_DIRECTORY_HTTP2_FRONT_H_
