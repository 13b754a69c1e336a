// Builds and reads keys whose byte order is the order of their parts. Pure.
//
// Encodings: a string is its bytes with 00 escaped as 00 FF, ended by 00 01; an
// unsigned integer is 8 bytes big-endian; a signed one the same with its sign
// bit flipped; a time is its nanoseconds since the epoch as a signed integer,
// saturated.
#ifndef ROLLCALL_COMMON_STORE_KEY_H_
#define ROLLCALL_COMMON_STORE_KEY_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"

namespace rollcall::store {

// Key("users").String(id).Build(); the first part names the table.
class Key {
 public:
  explicit Key(absl::string_view table) {
    bytes_.reserve(kUsualBytes);
    String(table);
  }

  Key& String(absl::string_view part);
  Key& Uint64(uint64_t part);
  Key& Int64(int64_t part);
  Key& Time(absl::Time part);

  // Hands the key over; once, and last.
  std::string Build() { return std::move(bytes_); }

 private:
  // Holds most keys: then a key is one allocation.
  static constexpr size_t kUsualBytes = 80;

  std::string bytes_;
};

// Reads the parts back in the order in which they were written. After the first
// error every further call fails.
//   KeyReader reader(key); std::string id;
//   RETURN_IF_ERROR(reader.Table("users").String(&id).Finish());
class KeyReader {
 public:
  explicit KeyReader(absl::string_view bytes) : rest_(bytes) {}

  KeyReader& Table(absl::string_view expected);
  KeyReader& String(std::string* part);
  KeyReader& Uint64(uint64_t* part);
  KeyReader& Int64(int64_t* part);
  KeyReader& Time(absl::Time* part);

  // Whether every part so far could be read.
  bool ok() const { return !failed_; }

  // DATA_LOSS, reason KEY_MALFORMED, unless every part was read and nothing is
  // left.
  absl::Status Finish() const;

 private:
  absl::string_view rest_;
  bool failed_ = false;
};

}  // namespace rollcall::store

#endif  // ROLLCALL_COMMON_STORE_KEY_H_
