#include "tests/fakes/entra/courier.h"

#include <curl/curl.h>

#include <memory>
#include <utility>

namespace rollcall::entra {
namespace {

// Nobody answers a notification at length.
constexpr size_t kMaxBody = 64 * 1024;

struct CurlDeleter {
  void operator()(CURL* curl) const { curl_easy_cleanup(curl); }
  void operator()(curl_slist* list) const { curl_slist_free_all(list); }
};

size_t AppendBody(char* data, size_t, size_t size, void* out) {
  auto& body = *static_cast<std::string*>(out);
  if (body.size() + size > kMaxBody) return 0;
  body.append(data, size);
  return size;
}

Receipt Send(const std::string& ca_file, const Letter& letter) {
  Receipt receipt;
  const std::unique_ptr<CURL, CurlDeleter> handle(curl_easy_init());
  CURL* curl = handle.get();
  const std::unique_ptr<curl_slist, CurlDeleter> headers(curl_slist_append(
      nullptr, ("Content-Type: " + letter.content_type).c_str()));
  curl_easy_setopt(curl, CURLOPT_URL, letter.url.c_str());
  curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "https,http");
  curl_easy_setopt(curl, CURLOPT_CAINFO, ca_file.c_str());
  curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers.get());
  curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE,
                   static_cast<long>(letter.body.size()));
  curl_easy_setopt(curl, CURLOPT_POSTFIELDS, letter.body.c_str());
  curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, AppendBody);
  curl_easy_setopt(curl, CURLOPT_WRITEDATA, &receipt.body);
  curl_easy_setopt(
      curl, CURLOPT_TIMEOUT_MS,
      static_cast<long>(absl::ToInt64Milliseconds(letter.timeout)));
  curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(curl, CURLOPT_NOPROXY, "*");
  const bool complete = curl_easy_perform(curl) == CURLE_OK;
  double seconds = 0;
  curl_easy_getinfo(curl, CURLINFO_TOTAL_TIME, &seconds);
  receipt.took = absl::Seconds(seconds);
  if (!complete) return receipt;
  long status = 0;
  curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
  receipt.status = static_cast<int>(status);
  const char* type = nullptr;
  curl_easy_getinfo(curl, CURLINFO_CONTENT_TYPE, &type);
  if (type != nullptr) receipt.content_type = type;
  return receipt;
}

}  // namespace

Courier HttpCourier(std::string ca_file) {
  return [ca_file = std::move(ca_file)](const Letter& letter) {
    return Send(ca_file, letter);
  };
}

}  // namespace rollcall::entra
