// Turns users of the source into rows of the mirror, mapped as the directory's
// options say, and back.
#ifndef ROLLCALL_SERVICES_DIRECTORY_USER_ROW_H_
#define ROLLCALL_SERVICES_DIRECTORY_USER_ROW_H_

#include <cstdint>
#include <string>

#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "services/directory/phone.h"
#include "services/directory/record_mapping.h"
#include "services/directory/source_objects.h"
#include "services/directory/store.pb.h"

namespace rollcall::directory {

// PRESENT, or EXCLUDED if it is a guest and guests are left out (A23). In no
// group yet.
store::StoredUser MapToRow(const SourceUser& user,
                           const store::StoredDirectory& options);

// The same for very many users: what becomes of one, which refers to it, and
// then the bytes of its row, in these groups. They are in `room`, which is made
// as large as it must be and keeps its memory.
struct MappedRow {
  MappedUser user;
  PhoneReading phones;
  bool excluded = false;
};
MappedRow MapRow(const SourceUser& user, const store::StoredDirectory& options);
absl::string_view WriteRow(const SourceUser& user, const MappedRow& mapped,
                           absl::Span<const uint32_t> direct_groups,
                           std::string& room);

// Who cannot be read is still there: known by id, not imported, and not to be
// removed either.
store::StoredUser SkippedRow(const std::string& reason);

// The tenant does not know it, or did not answer for it.
store::StoredUser AbsentRow();
store::StoredUser UnreadRow();

// What is known of the source's properties.
SourceUser SourceOf(const SourceId& id, const store::StoredUser& row);

// What would be twice in a row is left out of it.
std::string UsernameOf(const store::StoredUser& row);
absl::string_view EmailOf(const store::StoredUser& row);

// Whether the source shows nothing but the id.
bool IsHidden(const store::StoredUser& row);

}  // namespace rollcall::directory

#endif  // ROLLCALL_SERVICES_DIRECTORY_USER_ROW_H_
