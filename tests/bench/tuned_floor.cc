#include "tests/bench/tuned_floor.h"

#include <curl/curl.h>
#include <libdeflate.h>

#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "rocksdb/db.h"
#include "rocksdb/memtablerep.h"
#include "rocksdb/options.h"
#include "rocksdb/write_batch.h"
#include "simdjson.h"

namespace rollcall::bench {
namespace {

namespace ondemand = simdjson::ondemand;

[[noreturn]] void Fail(const char* what) {
  std::fprintf(stderr, "The floor failed: %s\n", what);
  std::exit(1);
}

// One connection with its buffers.
class Downloader {
 public:
  Downloader(const TenantFacts& tenant, const std::string& token)
      : easy_(curl_easy_init()), unpacker_(libdeflate_alloc_decompressor()) {
    headers_ = curl_slist_append(nullptr, "Accept-Encoding: gzip");
    headers_ =
        curl_slist_append(headers_, ("Authorization: Bearer " + token).c_str());
    curl_easy_setopt(easy_, CURLOPT_HTTPHEADER, headers_);
    curl_easy_setopt(easy_, CURLOPT_CAINFO, tenant.ca_file.c_str());
    curl_easy_setopt(easy_, CURLOPT_BUFFERSIZE, 256L << 10);
    curl_easy_setopt(easy_, CURLOPT_WRITEFUNCTION, Receive);
    curl_easy_setopt(easy_, CURLOPT_WRITEDATA, this);
  }
  ~Downloader() {
    curl_easy_cleanup(easy_);
    curl_slist_free_all(headers_);
    libdeflate_free_decompressor(unpacker_);
  }
  Downloader(const Downloader&) = delete;
  Downloader& operator=(const Downloader&) = delete;

  // The body, unpacked, with the padding that simdjson wants; valid until the
  // next call.
  simdjson::padded_string_view Get(const std::string& url) {
    packed_.clear();
    curl_easy_setopt(easy_, CURLOPT_URL, url.c_str());
    long status = 0;
    if (curl_easy_perform(easy_) != CURLE_OK ||
        curl_easy_getinfo(easy_, CURLINFO_RESPONSE_CODE, &status) != CURLE_OK ||
        status != 200) {
      Fail(url.c_str());
    }
    if (packed_.compare(0, 2, "\x1f\x8b") != 0) {
      // Not worth packing.
      const size_t size = packed_.size();
      packed_.resize(size + simdjson::SIMDJSON_PADDING);
      return simdjson::padded_string_view(packed_.data(), size, packed_.size());
    }
    uint32_t size = 0;  // Little-endian, as this machine.
    std::memcpy(&size, packed_.data() + packed_.size() - 4, sizeof(size));
    body_.resize(size + simdjson::SIMDJSON_PADDING);
    if (libdeflate_gzip_decompress(unpacker_, packed_.data(), packed_.size(),
                                   body_.data(), size,
                                   nullptr) != LIBDEFLATE_SUCCESS) {
      Fail("gzip");
    }
    return simdjson::padded_string_view(body_.data(), size, body_.size());
  }

 private:
  static size_t Receive(char* data, size_t, size_t size, void* self) {
    static_cast<Downloader*>(self)->packed_.append(data, size);
    return size;
  }

  CURL* const easy_;
  libdeflate_decompressor* const unpacker_;
  curl_slist* headers_ = nullptr;
  std::string packed_;
  std::string body_;
};

// Calls `take` with each object of each page of a chain; gives the link of the
// last page that tells what changes later, if there is one.
template <typename Take, typename EndPage>
std::string WalkChain(Downloader& downloader, std::string url, Take take,
                      EndPage end_page) {
  std::string delta_link;
  ondemand::parser parser;
  while (!url.empty()) {
    const simdjson::padded_string_view body = downloader.Get(url);
    url.clear();
    ondemand::document document;
    if (parser.iterate(body).get(document)) Fail("JSON");
    for (auto field : document.get_object()) {
      std::string_view key;
      if (field.unescaped_key().get(key)) Fail("a key");
      if (key == "value") {
        for (auto item : field.value().get_array()) {
          ondemand::object object;
          if (item.get_object().get(object)) Fail("an object");
          take(object);
        }
      } else if (key == "@odata.nextLink") {
        std::string_view link;
        if (field.value().get_string().get(link)) Fail("a link");
        url = link;
      } else if (key == "@odata.deltaLink") {
        std::string_view link;
        if (field.value().get_string().get(link)) Fail("a link");
        delta_link = link;
      }
    }
    end_page();
  }
  return delta_link;
}

void Require(const rocksdb::Status& status) {
  if (!status.ok()) Fail(status.ToString().c_str());
}

// Each text, behind its length.
void AppendText(std::string_view text, std::string& row) {
  const auto size = static_cast<uint16_t>(text.size());
  row.append(reinterpret_cast<const char*>(&size), sizeof(size));
  row.append(text);
}

// Every field of a user in a row, in the order in which they come; gives the
// id.
std::string_view ReadUser(ondemand::object& user, std::string& row) {
  std::string_view id;
  row.clear();
  for (auto field : user) {
    std::string_view key;
    if (field.unescaped_key().get(key)) Fail("a key");
    ondemand::value value = field.value();
    switch (value.type()) {
      case ondemand::json_type::string: {
        const std::string_view text = value.get_string();
        if (key == "id") {
          id = text;
        } else {
          AppendText(text, row);
        }
        break;
      }
      case ondemand::json_type::boolean:
        row.push_back(value.get_bool() ? '1' : '0');
        break;
      case ondemand::json_type::array:
        for (auto text : value.get_array()) {
          AppendText(text.get_string(), row);
        }
        break;
      default:
        row.push_back('-');
    }
  }
  return id;
}

// The 16 bytes of a GUID.
void AppendGuid(std::string_view text, std::string& bytes) {
  int nibbles = 0;
  int value = 0;
  for (const char c : text) {
    if (c == '-') continue;
    value = value << 4 | (c <= '9' ? c - '0' : (c | 0x20) - 'a' + 10);
    if (++nibbles % 2 == 0) bytes.push_back(static_cast<char>(value));
  }
}

// Stores the users of a chain and counts them; gives its last link.
std::string ReadUsers(Downloader& downloader, const std::string& url,
                      rocksdb::DB& db, int64_t& users) {
  std::string key;
  std::string row;
  rocksdb::WriteBatch batch;
  return WalkChain(
      downloader, url,
      [&](ondemand::object& user) {
        key.assign("u");
        AppendGuid(ReadUser(user, row), key);
        Require(batch.Put(key, row));
        ++users;
      },
      [&] {
        Require(db.Write(rocksdb::WriteOptions(), &batch));
        batch.Clear();
      });
}

void ReadMembers(Downloader& downloader, const std::string& url,
                 const std::string& group, rocksdb::DB& db) {
  std::string blob;
  WalkChain(
      downloader, url,
      [&](ondemand::object& member) {
        for (auto field : member) {
          std::string_view key;
          std::string_view text;
          if (field.unescaped_key().get(key) ||
              field.value().get_string().get(text)) {
            Fail("a member");
          }
          if (key == "id") AppendGuid(text, blob);
        }
      },
      [] {});
  Require(db.Put(rocksdb::WriteOptions(), "g" + group, blob));
}

// For pages of which only the links matter.
std::string WalkPast(Downloader& downloader, const std::string& url) {
  return WalkChain(
      downloader, url, [](ondemand::object&) {}, [] {});
}

std::unique_ptr<rocksdb::DB> OpenStore(const std::string& path) {
  rocksdb::Options options;
  options.create_if_missing = true;
  // Sorts once, when it is full; one writer at a time.
  options.memtable_factory = std::make_shared<rocksdb::VectorRepFactory>();
  options.allow_concurrent_memtable_write = false;
  options.write_buffer_size = size_t{32} << 20;
  options.compression = rocksdb::kLZ4Compression;
  rocksdb::DB* db = nullptr;
  Require(rocksdb::DB::Open(options, path, &db));
  return std::unique_ptr<rocksdb::DB>(db);
}

std::string UserSelect(bool phones) {
  return std::string(
             "$select=id,userPrincipalName,displayName,mail,accountEnabled,"
             "userType") +
         (phones ? ",mobilePhone,businessPhones" : "");
}

}  // namespace

class TunedFloor::Store {
 public:
  explicit Store(const std::string& path) : db_(OpenStore(path)) {}
  rocksdb::DB& db() { return *db_; }

 private:
  const std::unique_ptr<rocksdb::DB> db_;
};

TunedFloor::TunedFloor(const TenantFacts& tenant, FloorOptions options)
    : tenant_(tenant), options_(std::move(options)) {
  curl_global_init(CURL_GLOBAL_DEFAULT);
}

TunedFloor::~TunedFloor() = default;

int64_t TunedFloor::ReadEverything() {
  store_ = std::make_unique<Store>(options_.store_path);
  const std::string graph = tenant_.origin + "/v1.0/";
  const std::string select = UserSelect(options_.phones);

  int64_t users = 0;
  links_.resize(2);
  std::atomic<size_t> next_chain{0};
  std::vector<std::thread> threads;
  for (int i = 0; i < options_.connections; ++i) {
    threads.emplace_back([&] {
      Downloader downloader(tenant_, options_.token);
      for (size_t chain = next_chain++; chain <= tenant_.group_ids.size() + 3;
           chain = next_chain++) {
        switch (chain) {
          // The longest chain first.
          case 0:
            ReadUsers(downloader, graph + "users?" + select + "&$top=999",
                      store_->db(), users);
            break;
          case 1:
            links_[0] = WalkPast(downloader, graph + "users/delta?" + select +
                                                 "&$deltatoken=latest");
            break;
          case 2:
            links_[1] =
                WalkPast(downloader, graph +
                                         "groups/delta?$select=id,displayName,"
                                         "members&$deltatoken=latest");
            break;
          case 3:
            WalkPast(downloader,
                     graph + "groups?$select=id,displayName&$top=999");
            break;
          default: {
            const std::string& group = tenant_.group_ids[chain - 4];
            ReadMembers(
                downloader,
                graph + "groups/" + group + "/members?$select=id&$top=999",
                group, store_->db());
          }
        }
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  Require(store_->db().SyncWAL());
  return users;
}

int64_t TunedFloor::ReadChanges() {
  int64_t users = 0;
  std::thread of_groups([&] {
    Downloader downloader(tenant_, options_.token);
    links_[1] = WalkPast(downloader, links_[1]);
  });
  Downloader downloader(tenant_, options_.token);
  links_[0] = ReadUsers(downloader, links_[0], store_->db(), users);
  of_groups.join();
  Require(store_->db().SyncWAL());
  return users;
}

}  // namespace rollcall::bench
