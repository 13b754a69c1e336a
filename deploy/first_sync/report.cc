#include "deploy/first_sync/report.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "common/log/log.h"
#include "deploy/first_sync/progress.h"

namespace rollcall::deploy {
namespace {

using Rows = std::vector<std::pair<std::string, std::string>>;
using Counts = std::vector<std::pair<std::string, int64_t>>;

double PerSecond(int64_t count, absl::Duration time) {
  return time > absl::ZeroDuration()
             ? static_cast<double>(count) / absl::ToDoubleSeconds(time)
             : 0;
}

// "created 9,950, merged 3"; only what happened, or `none`.
std::string Happened(const Counts& counts, absl::string_view none) {
  std::vector<std::string> parts;
  for (const auto& [name, count] : counts) {
    if (count != 0) {
      parts.push_back(absl::StrCat(name, " ", WithThousands(count)));
    }
  }
  return parts.empty() ? std::string(none) : absl::StrJoin(parts, ", ");
}

Counts ByReason(const std::map<std::string, int64_t>& counts) {
  return Counts(counts.begin(), counts.end());
}

class JsonObject {
 public:
  void Add(absl::string_view name, int64_t value) {
    parts_.push_back(LogField(name, value).json());
  }
  void Add(absl::string_view name, double value) {
    parts_.push_back(LogField(name, value).json());
  }
  void Add(absl::string_view name, bool value) {
    parts_.push_back(LogField(name, value).json());
  }
  void Add(absl::string_view name, const std::string& value) {
    parts_.push_back(LogField(name, value).json());
  }
  void Add(absl::string_view name, const Counts& counts) {
    JsonObject inner;
    for (const auto& [key, count] : counts) inner.Add(key, count);
    parts_.push_back(absl::StrCat("\"", name, "\":", inner.ToString()));
  }
  std::string ToString() const {
    return absl::StrCat("{", absl::StrJoin(parts_, ","), "}");
  }

 private:
  std::vector<std::string> parts_;
};

Counts UserCounts(const Report& report) {
  return {{"created", report.users_created},
          {"merged", report.users_merged},
          {"updated", report.users_updated},
          {"unchanged", report.users_unchanged},
          {"restored", report.users_restored},
          {"removed", report.users_removed},
          {"skipped", report.users_skipped}};
}

Counts GroupCounts(const Report& report) {
  return {{"created", report.groups_created},
          {"merged", report.groups_merged},
          {"updated", report.groups_updated},
          {"released", report.groups_released}};
}

Counts StatusCounts(const Report& report) {
  return {{"disabled", report.users_disabled},
          {"enabled", report.users_enabled}};
}

Counts MembershipCounts(const Report& report) {
  return {{"added", report.memberships_added},
          {"removed", report.memberships_removed}};
}

Counts MailCounts(const Report& report) {
  return {{"sent", report.mails_sent}, {"open", report.mails_open}};
}

}  // namespace

bool Report::changes_nothing() const {
  return users_created + users_merged + users_updated + users_restored +
             users_removed + users_disabled + users_enabled + groups_created +
             groups_merged + groups_updated + groups_released +
             memberships_added + memberships_removed ==
         0;
}

std::string ToTable(const Report& report) {
  Rows rows = {
      {"Result", report.changes_nothing()
                     ? absl::StrCat(report.state, ", no changes")
                     : report.state},
      {"Users seen", WithThousands(report.users_seen)},
      {"Users", Happened(UserCounts(report), "none")},
      {"Status", Happened(StatusCounts(report), "no change")},
      {"Skipped", Happened(ByReason(report.skipped), "nobody")},
      {"Groups seen", WithThousands(report.groups_seen)},
      {"Groups", Happened(GroupCounts(report), "no change")},
      {"Memberships", Happened(MembershipCounts(report), "no change")},
      {"Left out", Happened(ByReason(report.ignored_members), "nothing")},
      {"Warnings", Happened(ByReason(report.warnings), "none")},
      {"Mails", Happened(MailCounts(report), "none")},
      {"Time",
       absl::StrFormat(
           "%.1f s for the sync (%s users/s, %s requests), %.1f s for mails",
           absl::ToDoubleSeconds(report.sync_time),
           WithThousands(static_cast<int64_t>(
               PerSecond(report.users_seen, report.sync_time))),
           WithThousands(report.source_requests),
           absl::ToDoubleSeconds(report.mail_time))},
  };
  for (const std::string& problem : report.problems) {
    rows.emplace_back("Problem", problem);
  }
  std::string table;
  for (const auto& [name, value] : rows) {
    absl::StrAppendFormat(&table, "  %-12s %s\n", name, value);
  }
  return table;
}

std::string ToJson(const Report& report) {
  JsonObject json;
  json.Add("run", report.run);
  json.Add("state", report.state);
  json.Add("organization", report.organization);
  json.Add("no_changes", report.changes_nothing());
  json.Add("users_seen", report.users_seen);
  json.Add("users", UserCounts(report));
  json.Add("status", StatusCounts(report));
  json.Add("skipped", ByReason(report.skipped));
  json.Add("groups_seen", report.groups_seen);
  json.Add("groups", GroupCounts(report));
  json.Add("memberships", MembershipCounts(report));
  json.Add("ignored_members", ByReason(report.ignored_members));
  json.Add("warnings", ByReason(report.warnings));
  json.Add("mails", MailCounts(report));
  json.Add("source_requests", report.source_requests);
  json.Add("sync_seconds", absl::ToDoubleSeconds(report.sync_time));
  json.Add("mail_seconds", absl::ToDoubleSeconds(report.mail_time));
  json.Add("users_per_second", PerSecond(report.users_seen, report.sync_time));
  json.Add("problems", absl::StrJoin(report.problems, " "));
  return absl::StrCat(json.ToString(), "\n");
}

}  // namespace rollcall::deploy
