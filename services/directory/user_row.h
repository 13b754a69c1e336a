// Turns users of the source into rows of the mirror, mapped as the directory's
// options say, and back.
#ifndef ROLLCALL_SERVICES_DIRECTORY_USER_ROW_H_
#define ROLLCALL_SERVICES_DIRECTORY_USER_ROW_H_

#include <string>

#include "services/directory/source_objects.h"
#include "services/directory/store.pb.h"

namespace rollcall::directory {

// PRESENT, or EXCLUDED if it is a guest and guests are left out (A23). In no
// group yet.
store::StoredUser MapToRow(const SourceUser& user,
                           const store::StoredDirectory& options);
// The same into a row that was used before, whose memory it uses again.
void MapToRow(const SourceUser& user, const store::StoredDirectory& options,
              store::StoredUser& row);

// Who cannot be read is still there: known by id, not imported, and not to be
// removed either.
store::StoredUser SkippedRow(const std::string& reason);

// The tenant does not know it, or did not answer for it.
store::StoredUser AbsentRow();
store::StoredUser UnreadRow();

// What is known of the source's properties.
SourceUser SourceOf(const SourceId& id, const store::StoredUser& row);

// Whether the source shows nothing but the id.
bool IsHidden(const store::StoredUser& row);

}  // namespace rollcall::directory

#endif  // ROLLCALL_SERVICES_DIRECTORY_USER_ROW_H_
