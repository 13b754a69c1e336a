// The id of an object of the source, in the 16 bytes of its GUID: what a
// million of are kept in memory. Pure.
//
// Order is the order of the lower-case text, so a walk by id is a walk by the
// key of the stream.
#ifndef ROLLCALL_SERVICES_DIRECTORY_SOURCE_ID_H_
#define ROLLCALL_SERVICES_DIRECTORY_SOURCE_ID_H_

#include <compare>
#include <cstdint>
#include <string>
#include <utility>

#include "absl/strings/string_view.h"
#include "absl/types/optional.h"

namespace rollcall::directory {

// A value.
class SourceId {
 public:
  // How many bytes `Bytes` gives.
  static constexpr size_t kSize = 16;

  SourceId() = default;
  SourceId(uint64_t high, uint64_t low) : high_(high), low_(low) {}

  // None unless the text is a GUID: 8-4-4-4-12 hexadecimal digits in any case.
  static absl::optional<SourceId> Parse(absl::string_view text);

  // None unless there are exactly kSize bytes.
  static absl::optional<SourceId> FromBytes(absl::string_view bytes);

  // The GUID in lower case.
  std::string ToString() const;

  // Big-endian, in the order of the values.
  std::string Bytes() const;
  void AppendBytes(std::string& out) const;

  uint64_t high() const { return high_; }
  uint64_t low() const { return low_; }

  friend auto operator<=>(const SourceId&, const SourceId&) = default;
  template <typename H>
  friend H AbslHashValue(H state, const SourceId& id) {
    return H::combine(std::move(state), id.high_, id.low_);
  }

 private:
  uint64_t high_ = 0;
  uint64_t low_ = 0;
};

}  // namespace rollcall::directory

#endif  // ROLLCALL_SERVICES_DIRECTORY_SOURCE_ID_H_
