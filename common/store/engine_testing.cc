#include "common/store/engine_testing.h"

#include <gtest/gtest.h>
#include <stdlib.h>

#include <filesystem>
#include <fstream>

#include "absl/strings/match.h"

namespace rollcall::store {

namespace fs = std::filesystem;

TemporaryDirectory::TemporaryDirectory()
    : path_(fs::path(testing::TempDir() + "/store-XXXXXX").lexically_normal()) {
  EXPECT_NE(mkdtemp(path_.data()), nullptr);
}

TemporaryDirectory::~TemporaryDirectory() { fs::remove_all(path_); }

std::string LargestFile(const std::string& directory,
                        absl::string_view suffix) {
  std::string largest;
  uint64_t size = 0;
  for (const fs::directory_entry& entry : fs::directory_iterator(directory)) {
    if (!absl::EndsWith(entry.path().string(), suffix)) continue;
    if (entry.file_size() <= size) continue;
    largest = entry.path();
    size = entry.file_size();
  }
  EXPECT_NE(largest, "") << "no file *" << suffix << " in " << directory;
  return largest;
}

void FlipByte(const std::string& path, double part) {
  std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
  const auto offset = static_cast<std::streamoff>(
      part * static_cast<double>(fs::file_size(path)));
  file.seekg(offset);
  const int byte = file.get();
  file.seekp(offset);
  file.put(static_cast<char>(~byte));
  EXPECT_TRUE(file.good()) << path;
}

void CutTail(const std::string& path, uint64_t bytes) {
  fs::resize_file(path, fs::file_size(path) - bytes);
}

std::unique_ptr<rocksdb::DB> OpenEngine(const std::string& path) {
  rocksdb::Options options;
  options.create_if_missing = true;
  rocksdb::DB* db = nullptr;
  const rocksdb::Status status = rocksdb::DB::Open(options, path, &db);
  EXPECT_TRUE(status.ok()) << status.ToString();
  return std::unique_ptr<rocksdb::DB>(db);
}

int CountRows(rocksdb::DB& db) {
  const std::unique_ptr<rocksdb::Iterator> rows(
      db.NewIterator(rocksdb::ReadOptions()));
  int count = 0;
  for (rows->SeekToFirst(); rows->Valid(); rows->Next()) ++count;
  EXPECT_TRUE(rows->status().ok()) << rows->status().ToString();
  return count;
}

}  // namespace rollcall::store
