#include "common/store/row_merge.h"

#include <algorithm>
#include <random>
#include <string>

#include "absl/strings/str_cat.h"
#include "common/store/row.h"
#include "common/store/row_chunk.h"
#include "gtest/gtest.h"

namespace rollcall::store {
namespace {

using Rows = std::vector<std::pair<std::string, std::string>>;

RowChunk Sorted(const Rows& rows) {
  RowChunk chunk;
  for (const auto& [key, value] : rows) {
    chunk.Add("", key, value);
  }
  chunk.Sort();
  return chunk;
}

Rows Merge(const std::vector<RowChunk>& chunks) {
  std::vector<std::unique_ptr<RowSource>> sources;
  for (const RowChunk& chunk : chunks) {
    sources.push_back(
        std::make_unique<ChunkSource>(chunk, 0, chunk.row_count()));
  }
  RowMerge merge(std::move(sources));
  Rows rows;
  EXPECT_TRUE(merge.Next().ok());
  while (merge.has_row()) {
    const absl::StatusOr<std::string> value =
        ValueOfRow(merge.row_key(), merge.row_value());
    EXPECT_TRUE(value.ok()) << value.status();
    rows.emplace_back(std::string(merge.row_key()), value.value_or(""));
    EXPECT_TRUE(merge.Next().ok());
  }
  return rows;
}

TEST(RowMerge, OfNothingIsNothing) {
  EXPECT_TRUE(Merge({}).empty());
  EXPECT_TRUE(Merge({RowChunk(), RowChunk()}).empty());
}

TEST(RowMerge, GivesWhatIsThereTwiceTwice) {
  EXPECT_EQ(Merge({Sorted({{"b", ""}, {"a", ""}}), Sorted({{"a", ""}})}),
            (Rows{{"a", ""}, {"a", ""}, {"b", ""}}));
}

TEST(RowMerge, GivesAllRowsOfAnyNumberOfSourcesInOrder) {
  std::mt19937 random(7);
  for (int count = 1; count <= 20; ++count) {
    Rows all;
    std::vector<RowChunk> chunks;
    for (int i = 0; i < count; ++i) {
      Rows rows;
      for (uint32_t row = random() % 100; row > 0; --row) {
        // Shared beginnings of any length, and all bytes.
        std::string key(random() % 20, 'k');
        absl::StrAppend(&key, std::string(1, static_cast<char>(random())),
                        all.size() + rows.size());
        rows.emplace_back(key, absl::StrCat("value of ", key));
      }
      all.insert(all.end(), rows.begin(), rows.end());
      chunks.push_back(Sorted(rows));
    }
    std::sort(all.begin(), all.end());
    EXPECT_EQ(Merge(chunks), all) << count << " sources";
  }
}

TEST(RowChunk, TakesTheRowsOfAnother) {
  RowChunk few;
  few.Add("", "b", "value of b");
  RowChunk all;
  all.Add("", "c", "value of c");
  all.AddAll(few);
  few.Clear();
  few.Add("", "a", "value of a");
  all.AddAll(few);
  all.Sort();
  std::vector<RowChunk> chunks;
  chunks.push_back(std::move(all));
  EXPECT_EQ(
      Merge(chunks),
      (Rows{{"a", "value of a"}, {"b", "value of b"}, {"c", "value of c"}}));
}

}  // namespace
}  // namespace rollcall::store
