// The stores that the contract is tested with. For tests.
#ifndef ROLLCALL_COMMON_STORE_CONTRACT_TESTING_H_
#define ROLLCALL_COMMON_STORE_CONTRACT_TESTING_H_

#include <gtest/gtest.h>

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "common/store/faulty_store.h"
#include "common/store/rocksdb_store.h"
#include "common/testing/status_matchers.h"

namespace rollcall::store {

// A store and whatever it stands on.
class World {
 public:
  virtual ~World() = default;
  virtual Store& store() = 0;
};

class InMemory : public World {
 public:
  Store& store() override { return *store_; }

 private:
  const std::unique_ptr<Store> store_ = *OpenInMemory();
};

class OnDisk : public World {
 public:
  ~OnDisk() override {
    store_.reset();
    std::filesystem::remove_all(path_);
  }
  Store& store() override { return *store_; }

 private:
  const std::string path_ = absl::StrCat(::testing::TempDir(), "/contract");
  // Small buffers, so that tables are written and read too.
  std::unique_ptr<Store> store_ = *OpenRocksDb({.path = path_,
                                                .owner = "contract",
                                                .min_free_bytes = 0,
                                                .write_buffer_bytes = 64 << 10,
                                                .bulk_chunk_bytes = 4 << 10});
};

// Every batch goes the way of the large ones.
class InTables : public World {
 public:
  ~InTables() override {
    store_.reset();
    std::filesystem::remove_all(path_);
  }
  Store& store() override { return *store_; }

 private:
  const std::string path_ = absl::StrCat(::testing::TempDir(), "/tables");
  std::unique_ptr<Store> store_ = *OpenRocksDb({.path = path_,
                                                .owner = "contract",
                                                .min_free_bytes = 0,
                                                .bulk_chunk_bytes = 4 << 10,
                                                .table_commit_bytes = 0});
};

class HealthyFaulty : public World {
 public:
  Store& store() override { return store_; }

 private:
  InMemory base_;
  FaultyStore store_{base_.store()};
};

struct Factory {
  const char* name;
  std::unique_ptr<World> (*make)();
};

class StoreContract : public ::testing::TestWithParam<Factory> {
 protected:
  Store& store() { return world_->store(); }

  void Put(const std::string& partition, const std::string& key,
           const std::string& value) {
    Batch batch(partition);
    batch.Put(key, value);
    ASSERT_OK(store().Commit(batch));
  }

  absl::optional<std::string> Get(const std::string& partition,
                                  const std::string& key) {
    const auto value = store().Get(partition, key);
    EXPECT_OK(value);
    return value.value_or(absl::nullopt);
  }

 private:
  const std::unique_ptr<World> world_ = GetParam().make();
};

template <typename T>
std::unique_ptr<World> Make() {
  return std::make_unique<T>();
}

// The keys that a cursor walks over, down to an end that is OK.
inline std::vector<std::string> Keys(Cursor& cursor) {
  std::vector<std::string> keys;
  for (;;) {
    auto entry = cursor.Next();
    EXPECT_OK(entry);
    if (!entry.ok() || !entry->has_value()) return keys;
    keys.push_back((*entry)->key);
  }
}

inline std::vector<std::string> Keys(const Reader& reader,
                                     const std::string& partition,
                                     const KeyRange& range) {
  return Keys(*reader.Scan(partition, range));
}

}  // namespace rollcall::store

#endif  // ROLLCALL_COMMON_STORE_CONTRACT_TESTING_H_
