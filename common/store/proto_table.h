// Reads and writes protobuf messages in a store; a message that does not parse
// is DATA_LOSS, never an empty one.
#ifndef ROLLCALL_COMMON_STORE_PROTO_TABLE_H_
#define ROLLCALL_COMMON_STORE_PROTO_TABLE_H_

#include <memory>
#include <string>
#include <utility>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/types/optional.h"
#include "common/status/errors.h"
#include "common/status/status_macros.h"
#include "common/store/store.h"
#include "google/protobuf/io/coded_stream.h"
#include "google/protobuf/io/zero_copy_stream_impl_lite.h"

namespace rollcall::store {

// The bytes of a message; the same message gives the same bytes (maps in the
// order of their keys), so that they can be compared and expected.
template <typename Message>
std::string Serialize(const Message& message) {
  std::string bytes(message.ByteSizeLong(), '\0');
  google::protobuf::io::ArrayOutputStream stream(
      bytes.data(), static_cast<int>(bytes.size()));
  google::protobuf::io::CodedOutputStream coded(&stream);
  coded.SetSerializationDeterministic(true);
  message.SerializeWithCachedSizes(&coded);
  return bytes;
}

template <typename Message>
absl::StatusOr<Message> Parse(absl::string_view bytes) {
  Message message;
  if (!message.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()))) {
    return DataLoss(
        "STORE_VALUE_MALFORMED",
        absl::StrCat("A stored ", Message::descriptor()->full_name(),
                     " does not parse."));
  }
  return message;
}

template <typename Message>
absl::StatusOr<absl::optional<Message>> GetMessage(const Reader& reader,
                                                   absl::string_view partition,
                                                   absl::string_view key) {
  ASSIGN_OR_RETURN(absl::optional<std::string> bytes,
                   reader.Get(partition, key));
  if (!bytes.has_value()) return absl::optional<Message>();
  ASSIGN_OR_RETURN(Message message, Parse<Message>(*bytes));
  return absl::optional<Message>(std::move(message));
}

// Walks over messages; the end is an OK status with no message. One thread.
template <typename Message>
class MessageCursor {
 public:
  struct Row {
    std::string key;
    Message message;
  };

  MessageCursor(const Reader& reader, absl::string_view partition,
                const KeyRange& range)
      : cursor_(reader.Scan(partition, range)) {}

  absl::StatusOr<absl::optional<Row>> Next() {
    ASSIGN_OR_RETURN(absl::optional<Entry> entry, cursor_->Next());
    if (!entry.has_value()) return absl::optional<Row>();
    ASSIGN_OR_RETURN(Message message, Parse<Message>(entry->value));
    return absl::optional<Row>(Row{std::move(entry->key), std::move(message)});
  }

 private:
  std::unique_ptr<Cursor> cursor_;
};

}  // namespace rollcall::store

#endif  // ROLLCALL_COMMON_STORE_PROTO_TABLE_H_
