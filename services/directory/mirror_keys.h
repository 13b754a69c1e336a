// The keys of a mirror's rows on disk; README.md has the table of them.
#ifndef ROLLCALL_SERVICES_DIRECTORY_MIRROR_KEYS_H_
#define ROLLCALL_SERVICES_DIRECTORY_MIRROR_KEYS_H_

#include <cstdint>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "common/identity/resource_name.h"
#include "services/directory/source_id.h"

namespace rollcall::directory {

// Where a generation of rows lives.
struct ReadPlace {
  DirectoryName directory;
  uint64_t number = 0;  // Counts the reads of a directory.

  const std::string& account() const { return directory.account().id(); }
};

namespace mirror_keys {

// Of a directory.
std::string Mirror(const DirectoryName& directory);
std::string Failure(const DirectoryName& directory);
std::string Reads(const DirectoryName& directory);  // A prefix.

// The change log; the ones without a sequence are prefixes.
std::string ChangeBatches(const DirectoryName& directory);
std::string ChangeBatch(const DirectoryName& directory, uint64_t sequence);
std::string Changes(const DirectoryName& directory);
std::string Changes(const DirectoryName& directory, uint64_t sequence);
std::string Change(const DirectoryName& directory, uint64_t sequence,
                   const SourceId& id);

// Of a generation.
std::string Read(const ReadPlace& place);
std::string Users(const ReadPlace& place);  // A prefix.
std::string User(const ReadPlace& place, const SourceId& id);
std::string Groups(const ReadPlace& place);  // A prefix.
std::string Group(const ReadPlace& place, const SourceId& id);
std::string Members(const ReadPlace& place, const SourceId& group);  // Prefix.
std::string Members(const ReadPlace& place, const SourceId& group,
                    uint64_t chunk);
std::string MemberChanges(const ReadPlace& place,
                          const SourceId& group);  // A prefix.
std::string MemberChange(const ReadPlace& place, const SourceId& group,
                         const SourceId& user);
std::string ShortNames(const ReadPlace& place,
                       absl::string_view username);  // A prefix.
std::string ShortName(const ReadPlace& place, absl::string_view username,
                      const SourceId& user);
std::string Cursors(const ReadPlace& place);  // A prefix.
std::string Cursor(const ReadPlace& place, uint64_t slice);

// All prefixes below which the rows of a generation are, the header's left out.
constexpr int kRowTables = 6;
std::string RowTable(const ReadPlace& place, int table);

// The id at the end of a key of this prefix. DATA_LOSS, reason KEY_MALFORMED.
absl::StatusOr<SourceId> IdAtEnd(absl::string_view key,
                                 absl::string_view prefix);

}  // namespace mirror_keys
}  // namespace rollcall::directory

#endif  // ROLLCALL_SERVICES_DIRECTORY_MIRROR_KEYS_H_
