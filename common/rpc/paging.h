// Page sizes and page tokens (AIP-158). Pure.
#ifndef ROLLCALL_COMMON_RPC_PAGING_H_
#define ROLLCALL_COMMON_RPC_PAGING_H_

#include <cstddef>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace rollcall::rpc {

// 0 becomes `default_size`, more than `maximum` becomes `maximum`; negative is
// INVALID_ARGUMENT, reason PAGE_SIZE_NEGATIVE.
absl::StatusOr<int> ResolvePageSize(int requested, int default_size = 50,
                                    int maximum = 1000);

// A token that leads on after `last_key`, bound to the other arguments of the
// call (`scope`: the method and the parent). It carries no authority: whoever
// makes one up sees what the call would show anyway.
std::string MakePageToken(absl::string_view scope, absl::string_view last_key);

// The key to go on after; empty for an empty token. INVALID_ARGUMENT, reason
// PAGE_TOKEN_INVALID, for a token of another call.
absl::StatusOr<std::string> ReadPageToken(absl::string_view scope,
                                          absl::string_view token);

// How much room a page of an answer has left. Pages end before 2 MiB, so that
// they fit the 4 MiB that clients of gRPC take by default. One thread.
class PageRoom {
 public:
  explicit PageRoom(int entries) : entries_(entries) {}

  // Takes the room of one more entry of so many bytes; false if there is none:
  // then the page ends before it. The first entry has room, however large.
  bool Take(size_t bytes);

 private:
  const int entries_;
  int taken_ = 0;
  size_t bytes_ = 0;
};

}  // namespace rollcall::rpc

#endif  // ROLLCALL_COMMON_RPC_PAGING_H_
