// Tells how a sync went: a table for people, the same figures as JSON. Pure.
#ifndef ROLLCALL_DEPLOY_FIRST_SYNC_REPORT_H_
#define ROLLCALL_DEPLOY_FIRST_SYNC_REPORT_H_

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"

namespace rollcall::deploy {

// The figures of one sync (R67). Counts by reason keep the reason's name.
struct Report {
  std::string run;
  std::string state;
  std::string organization;
  std::vector<std::string> problems;

  int64_t users_seen = 0;
  int64_t users_created = 0;
  int64_t users_merged = 0;
  int64_t users_updated = 0;
  int64_t users_unchanged = 0;
  int64_t users_restored = 0;
  int64_t users_removed = 0;
  int64_t users_disabled = 0;
  int64_t users_enabled = 0;
  int64_t users_skipped = 0;
  int64_t groups_seen = 0;
  int64_t groups_created = 0;
  int64_t groups_merged = 0;
  int64_t groups_updated = 0;
  int64_t groups_released = 0;
  int64_t memberships_added = 0;
  int64_t memberships_removed = 0;
  std::map<std::string, int64_t> skipped;
  std::map<std::string, int64_t> ignored_members;
  std::map<std::string, int64_t> warnings;
  int64_t source_requests = 0;

  int64_t mails_sent = 0;
  int64_t mails_open = 0;  // Queued, failed or unknown; not sent by this sync.
  absl::Duration sync_time;  // Of the run itself.
  absl::Duration mail_time;  // From its end to the last mail.

  // Whether the store is as it was before.
  bool changes_nothing() const;
};

std::string ToTable(const Report& report);

// One JSON object with a line end. Texts are escaped; invalid UTF-8 becomes
// U+FFFD.
std::string ToJson(const Report& report);

}  // namespace rollcall::deploy

#endif  // ROLLCALL_DEPLOY_FIRST_SYNC_REPORT_H_
