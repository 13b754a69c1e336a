// One request as libcurl sees it: sets an easy handle up, receives the answer
// within limits, and says how it ended. Internal to the client.
#ifndef ROLLCALL_COMMON_HTTP_TRANSFER_H_
#define ROLLCALL_COMMON_HTTP_TRANSFER_H_

#include <curl/curl.h>

#include <cstddef>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/synchronization/notification.h"
#include "common/http/client.h"

namespace rollcall::http::internal {

// Made by the caller's thread, run by the engine's; TakeResponse again by the
// caller's, after Finish. Neither copied nor moved: libcurl points into it.
class Transfer {
 public:
  // `options` and `request` must outlive the transfer.
  static absl::StatusOr<std::unique_ptr<Transfer>> Create(
      const ClientOptions& options, const Request& request);
  ~Transfer();
  Transfer(const Transfer&) = delete;
  Transfer& operator=(const Transfer&) = delete;

  CURL* easy() const { return easy_.get(); }

  // The engine says how it ended, once; this wakes the caller.
  void Finish(CURLcode code);
  void Cancel();

  void WaitUntilFinished() { finished_.WaitForNotification(); }
  // The whole answer, unpacked, or why there is none.
  absl::StatusOr<Response> TakeResponse();

 private:
  struct FreeEasy {
    void operator()(CURL* easy) const { curl_easy_cleanup(easy); }
  };
  struct FreeList {
    void operator()(curl_slist* list) const { curl_slist_free_all(list); }
  };

  Transfer(const ClientOptions& options, const Request& request)
      : options_(options), request_(request) {}
  absl::Status SetUp(const Url& url);
  absl::Status SetHeaders();
  absl::Status ErrorOf(CURLcode code) const;
  size_t ReceiveHeader(absl::string_view line);
  size_t ReceiveBody(absl::string_view bytes);
  bool TellsItsEnd() const;

  const ClientOptions& options_;
  const Request& request_;
  std::unique_ptr<CURL, FreeEasy> easy_;
  std::unique_ptr<curl_slist, FreeList> headers_;
  std::string origin_;
  char error_[CURL_ERROR_SIZE] = {};
  Response response_;
  size_t header_bytes_ = 0;
  bool too_large_ = false;
  absl::Status status_;
  absl::Notification finished_;
};

}  // namespace rollcall::http::internal

#endif  // ROLLCALL_COMMON_HTTP_TRANSFER_H_
