// Reads the objects of a page one by one, for the parsers beside it. Pure.
#ifndef ROLLCALL_SERVICES_DIRECTORY_GRAPH_OBJECT_H_
#define ROLLCALL_SERVICES_DIRECTORY_GRAPH_OBJECT_H_

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/strings/string_view.h"
#include "services/directory/graph_limits.h"
#include "services/directory/source_objects.h"
#include "simdjson.h"

namespace rollcall::directory {

// Reads one object; after the first thing that is wrong with it, it goes on
// only to learn the id. One thread.
class ObjectReader {
 public:
  explicit ObjectReader(const PageLimits& limits) : limits_(limits) {}

  void Fail(absl::string_view reason) {
    if (reason_.empty()) reason_ = reason;
  }

  // Whether this is the first key of its kind; `bit` numbers the keys that we
  // read, below 30.
  bool First(int bit) {
    const uint32_t mask = uint32_t{1} << bit;
    if ((seen_ & mask) != 0) {
      Fail("OBJECT_KEY_TWICE");
      return false;
    }
    seen_ |= mask;
    return true;
  }

  // To be called at the end: an object that lacks the key may be anything.
  void Require(int bit, absl::string_view reason) {
    if ((seen_ & uint32_t{1} << bit) == 0) Fail(reason);
  }

  void Id(const simdjson::dom::element& value, SourceId& id);
  void Text(const simdjson::dom::element& value, Field<std::string>& field);
  void Texts(const simdjson::dom::element& value,
             Field<std::vector<std::string>>& field);
  void Bool(const simdjson::dom::element& value, Field<bool>& field);

  bool good() const { return reason_.empty() && has_id_; }

  // Why it is left out, if it is not good.
  SkippedObject Skipped(const SourceId& id) const;

 private:
  // Valid as long as the document is.
  bool ReadText(const simdjson::dom::element& value, std::string_view& text);

  const PageLimits& limits_;
  uint32_t seen_ = 0;
  bool has_id_ = false;
  absl::string_view reason_;  // A literal.
};

// Reads what `key` says into the object; keys that are not ours are ignored.
// They use the bits from 0 on, up to kObjectBits.
inline constexpr int kObjectBits = 8;
void ReadKey(ObjectReader& reader, std::string_view key,
             const simdjson::dom::element& value, SourceUser& user);
void ReadKey(ObjectReader& reader, std::string_view key,
             const simdjson::dom::element& value, SourceGroup& group);
void ReadKey(ObjectReader& reader, std::string_view key,
             const simdjson::dom::element& value, SourceMember& member);

// What is to be looked at when all keys were read.
inline void CheckKeys(ObjectReader&, const SourceUser&) {}
inline void CheckKeys(ObjectReader&, const SourceGroup&) {}
void CheckKeys(ObjectReader& reader, const SourceMember& member);

// All of one object. Whether it is good, the reader knows.
template <typename Object>
ObjectReader ReadObject(const simdjson::dom::object& source,
                        const PageLimits& limits, Object& object) {
  ObjectReader reader(limits);
  for (const simdjson::dom::key_value_pair pair : source) {
    ReadKey(reader, pair.key, pair.value, object);
  }
  CheckKeys(reader, object);
  return reader;
}

}  // namespace rollcall::directory

#endif  // ROLLCALL_SERVICES_DIRECTORY_GRAPH_OBJECT_H_
