#include "tests/fakes/entra/test_client.h"

#include <curl/curl.h>
#include <gtest/gtest.h>
#include <simdjson.h>

#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "tests/fakes/entra/http_message.h"

namespace rollcall::entra {
namespace {

size_t AppendBody(char* data, size_t, size_t size, void* out) {
  static_cast<std::string*>(out)->append(data, size);
  return size;
}

size_t AppendHeader(char* data, size_t, size_t size, void* out) {
  const std::pair<absl::string_view, absl::string_view> parts =
      absl::StrSplit(absl::string_view(data, size), absl::MaxSplits(':', 1));
  auto& headers = *static_cast<std::map<std::string, std::string>*>(out);
  headers[absl::AsciiStrToLower(parts.first)] =
      std::string(absl::StripAsciiWhitespace(parts.second));
  return size;
}

void Collect(simdjson::dom::element json, absl::string_view name,
             std::vector<std::string>& out) {
  if (json.is_array()) {
    for (simdjson::dom::element item : simdjson::dom::array(json)) {
      Collect(item, name, out);
    }
  }
  if (!json.is_object()) return;
  for (const auto& [key, value] : simdjson::dom::object(json)) {
    std::string_view text;
    if (absl::string_view(key.data(), key.size()) == name &&
        value.get(text) == simdjson::SUCCESS) {
      out.emplace_back(text);
    }
    Collect(value, name, out);
  }
}

}  // namespace

struct TestClient::Curl {
  CURL* handle = curl_easy_init();
  ~Curl() { curl_easy_cleanup(handle); }
};

TestClient::TestClient(const Emulator& emulator)
    : emulator_(emulator), curl_(std::make_unique<Curl>()) {}

TestClient::~TestClient() = default;

Reply TestClient::Send(const std::string& method, const std::string& url,
                       const std::string& body,
                       const std::vector<std::string>& headers) {
  CURL* curl = curl_->handle;
  Reply reply;
  const std::string absolute =
      absl::StartsWith(url, "/") ? emulator_.origin() + url : url;
  const std::string ca_file = emulator_.ca_file();
  curl_slist* list = nullptr;
  for (const std::string& header : headers) {
    list = curl_slist_append(list, header.c_str());
  }
  curl_easy_reset(curl);
  curl_easy_setopt(curl, CURLOPT_URL, absolute.c_str());
  curl_easy_setopt(curl, CURLOPT_CAINFO, ca_file.c_str());
  curl_easy_setopt(curl, CURLOPT_ACCEPT_ENCODING, "gzip");
  curl_easy_setopt(curl, CURLOPT_HTTPHEADER, list);
  curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, AppendBody);
  curl_easy_setopt(curl, CURLOPT_WRITEDATA, &reply.body);
  curl_easy_setopt(curl, CURLOPT_HEADERFUNCTION, AppendHeader);
  curl_easy_setopt(curl, CURLOPT_HEADERDATA, &reply.headers);
  curl_easy_setopt(curl, CURLOPT_TIMEOUT, 60L);
  curl_easy_setopt(curl, CURLOPT_NOPROXY, "*");
  if (!body.empty() || method == "POST") {
    curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE,
                     static_cast<long>(body.size()));
    curl_easy_setopt(curl, CURLOPT_COPYPOSTFIELDS, body.c_str());
  }
  if (method != "GET") {
    curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, method.c_str());
  }
  const bool complete = curl_easy_perform(curl) == CURLE_OK;
  long status = 0;
  curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
  curl_slist_free_all(list);
  reply.status = complete ? static_cast<int>(status) : 0;
  return reply;
}

Reply TestClient::Get(const std::string& url,
                      const std::vector<std::string>& headers) {
  return Send("GET", url, "", headers);
}

Reply TestClient::Post(const std::string& url, const std::string& body,
                       const std::vector<std::string>& headers) {
  return Send("POST", url, body, headers);
}

Reply TestClient::Control(const std::string& method, const std::string& path,
                          const std::string& body) {
  return Send(method, emulator_.control_origin() + path, body, {});
}

Reply TestClient::RequestToken(const std::string& fields) {
  return Post(absl::StrCat("/", emulator_.tenant_id(), "/oauth2/v2.0/token"),
              absl::StrCat("grant_type=client_credentials&scope=",
                           Encode("https://graph.microsoft.com/.default"), "&",
                           fields));
}

std::string TestClient::Token() {
  return Value(RequestToken(absl::StrCat("client_id=", emulator_.client_id(),
                                         "&client_secret=",
                                         Encode(emulator_.client_secret())))
                   .body,
               "access_token");
}

Reply TestClient::Graph(const std::string& path,
                        std::vector<std::string> headers) {
  if (token_.empty()) token_ = Token();
  headers.push_back(absl::StrCat("Authorization: Bearer ", token_));
  return Get(path, headers);
}

Reply TestClient::PostGraph(const std::string& path, const std::string& body) {
  if (token_.empty()) token_ = Token();
  return Post(path, body,
              {absl::StrCat("Authorization: Bearer ", token_),
               "Content-Type: application/json"});
}

std::vector<std::string> TestClient::Values(absl::string_view json,
                                            absl::string_view name) {
  simdjson::dom::parser parser;
  simdjson::dom::element element;
  std::vector<std::string> values;
  if (parser.parse(json.data(), json.size()).get(element) !=
      simdjson::SUCCESS) {
    ADD_FAILURE() << "No JSON: " << json;
    return values;
  }
  Collect(element, name, values);
  return values;
}

std::string TestClient::Value(absl::string_view json, absl::string_view name) {
  const std::vector<std::string> values = Values(json, name);
  return values.empty() ? "" : values.front();
}

std::vector<std::string> TestClient::AllIds(const std::string& path) {
  std::vector<std::string> ids;
  for (std::string next = path; !next.empty();) {
    const Reply reply = Graph(next);
    EXPECT_EQ(reply.status, 200) << reply.body;
    for (std::string& id : Values(reply.body, "id")) {
      ids.push_back(std::move(id));
    }
    next = Value(reply.body, "@odata.nextLink");
  }
  return ids;
}

std::string TestClient::Encode(absl::string_view text) {
  return EncodeComponent(text);
}

std::unique_ptr<Emulator> StartForTest(EmulatorOptions options) {
  if (options.ca_directory.empty()) options.ca_directory = testing::TempDir();
  if (options.tenant.users == TenantOptions().users) {
    options.tenant.users = 300;
    options.tenant.groups = 20;
  }
  auto emulator = Emulator::Start(std::move(options));
  if (!emulator.ok()) {
    ADD_FAILURE() << emulator.status();
    return nullptr;
  }
  return *std::move(emulator);
}

}  // namespace rollcall::entra
