// The keys of the identity store's tables, all in the partition of the account.
// Tables that grow with the users come first or last, and the small ones lie
// between them: so the small ones of a large batch share one file
// (common/store/batch_tables.h).
//
//   changes/<sequence>                             EventRow
//   users/<user>                                   UserRow
//   users_by_username/<username>                   IdRow
//   users_by_source/<directory>/<source id>        IdRow
//   users_by_group/<group>/<user>                  (empty IdRow)
//   user_history/<user>/<sequence>                 (empty IdRow)
//   users_by_upn/<directory>/<name>/<user>         (empty IdRow)
//   groups/<group>                                 GroupRow
//   groups_by_name/<name, lower case>              IdRow
//   groups_by_source/<directory>/<source id>       IdRow
//   runs/<directory>/<run>                         RunRow
//   runs_by_time/<directory>/<-create time>/<run>  IdRow
//   run_begins/<directory>/<run>                   RunBeginRow
//   pinned/<directory>/<user>                      (empty IdRow)
//   running/<directory>                            RunningRow
//   places/<directory>/<run>                       PlaceRow
//   scopes/<directory>/<run>                       ScopeRow
//   withheld/<directory>/<run>/<attempt>/<source id>  WithheldRow
//   awaited/<directory>/<run>/<attempt>/<username>    (empty IdRow)
//   held/<directory>/<batch>                       HeldBatchRow
//   held_open/<directory>/<danger>                 IdRow
//   held_rows/<directory>/<danger>/<source id>     WithheldRow
//   collisions/<directory>/<run>/<kind>/<source id>   CollisionRow
//   desk/<directory>/<object>/<source id>          DecisionRow
//   directories/<directory>                        DirectoryRow
//   live/<directory>                               LiveRow
//   head                                           HeadRow
//   feed_consumers/<service>                       FeedConsumerRow
//   requests/<directory>/<request id>              RequestRow
//   requests_by_time/<time>/<directory>/<request id>  (empty IdRow)
#ifndef ROLLCALL_SERVICES_RECONCILIATION_KEYS_H_
#define ROLLCALL_SERVICES_RECONCILIATION_KEYS_H_

#include <cstdint>
#include <string>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "common/store/key.h"

namespace rollcall::reconciliation::keys {

using rollcall::store::Key;

inline std::string Table(absl::string_view table) { return Key(table).Build(); }
inline std::string Row(absl::string_view table, absl::string_view a) {
  return Key(table).String(a).Build();
}
inline std::string Row(absl::string_view table, absl::string_view a,
                       absl::string_view b) {
  return Key(table).String(a).String(b).Build();
}

inline std::string User(absl::string_view id) { return Row("users", id); }
inline std::string UsersByUsername() { return Table("users_by_username"); }
inline std::string UserByUsername(absl::string_view username) {
  return Row("users_by_username", username);
}
inline std::string UsersOfSource(absl::string_view directory) {
  return Row("users_by_source", directory);
}
inline std::string UserBySource(absl::string_view directory,
                                absl::string_view source_id) {
  return Row("users_by_source", directory, source_id);
}

// Of user principal names, in lower case, that do not tell the username.
inline std::string UsersByPrincipalName(absl::string_view directory,
                                        absl::string_view name) {
  return Row("users_by_upn", directory, name);
}
inline std::string UserByPrincipalName(absl::string_view directory,
                                       absl::string_view name,
                                       absl::string_view user) {
  return Key("users_by_upn")
      .String(directory)
      .String(name)
      .String(user)
      .Build();
}

inline std::string Group(absl::string_view id) { return Row("groups", id); }
inline std::string GroupByName(absl::string_view name_key) {
  return Row("groups_by_name", name_key);
}
inline std::string GroupsOfSource(absl::string_view directory) {
  return Row("groups_by_source", directory);
}
inline std::string GroupBySource(absl::string_view directory,
                                 absl::string_view source_id) {
  return Row("groups_by_source", directory, source_id);
}
inline std::string MembersOf(absl::string_view group) {
  return Row("users_by_group", group);
}
inline std::string Member(absl::string_view group, absl::string_view user) {
  return Row("users_by_group", group, user);
}

inline std::string Run(absl::string_view directory, absl::string_view run) {
  return Row("runs", directory, run);
}
inline std::string RunsByTime(absl::string_view directory) {
  return Row("runs_by_time", directory);
}
inline std::string RunByTime(absl::string_view directory, absl::Time created,
                             absl::string_view run) {
  return Key("runs_by_time")
      .String(directory)
      .Int64(-absl::ToUnixNanos(created))
      .String(run)
      .Build();
}
inline std::string RunBegin(absl::string_view directory,
                            absl::string_view run) {
  return Row("run_begins", directory, run);
}
inline std::string PinnedBy(absl::string_view directory) {
  return Row("pinned", directory);
}
inline std::string Pinned(absl::string_view directory, absl::string_view user) {
  return Row("pinned", directory, user);
}
inline std::string Running(absl::string_view directory) {
  return Row("running", directory);
}
inline std::string Place(absl::string_view directory, absl::string_view run) {
  return Row("places", directory, run);
}
inline std::string Scope(absl::string_view directory, absl::string_view run) {
  return Row("scopes", directory, run);
}
inline std::string WithheldOfDirectory(absl::string_view directory) {
  return Row("withheld", directory);
}
inline std::string WithheldOfAttempt(absl::string_view directory,
                                     absl::string_view run, int64_t attempt) {
  return Key("withheld").String(directory).String(run).Int64(attempt).Build();
}
inline std::string Withheld(absl::string_view directory, absl::string_view run,
                            int64_t attempt, absl::string_view source_id) {
  return Key("withheld")
      .String(directory)
      .String(run)
      .Int64(attempt)
      .String(source_id)
      .Build();
}

inline std::string AwaitedOfDirectory(absl::string_view directory) {
  return Row("awaited", directory);
}
inline std::string Awaited(absl::string_view directory, absl::string_view run,
                           int64_t attempt, absl::string_view username) {
  return Key("awaited")
      .String(directory)
      .String(run)
      .Int64(attempt)
      .String(username)
      .Build();
}

inline std::string HeldBatches(absl::string_view directory) {
  return Row("held", directory);
}
inline std::string HeldBatch(absl::string_view directory,
                             absl::string_view batch) {
  return Row("held", directory, batch);
}
inline std::string OpenBatches(absl::string_view directory) {
  return Row("held_open", directory);
}
inline std::string OpenBatch(absl::string_view directory, int danger) {
  return Key("held_open").String(directory).Int64(danger).Build();
}
inline std::string HeldRowsOfDirectory(absl::string_view directory) {
  return Row("held_rows", directory);
}
inline std::string HeldRows(absl::string_view directory, int danger) {
  return Key("held_rows").String(directory).Int64(danger).Build();
}
inline std::string HeldRow(absl::string_view directory, int danger,
                           absl::string_view source_id) {
  return Key("held_rows")
      .String(directory)
      .Int64(danger)
      .String(source_id)
      .Build();
}
inline std::string CollisionsOfDirectory(absl::string_view directory) {
  return Row("collisions", directory);
}
inline std::string CollisionsOfRun(absl::string_view directory,
                                   absl::string_view run) {
  return Row("collisions", directory, run);
}
inline std::string CollisionsOfKind(absl::string_view directory,
                                    absl::string_view run, int kind) {
  return Key("collisions").String(directory).String(run).Int64(kind).Build();
}
inline std::string Collision(absl::string_view directory, absl::string_view run,
                             int kind, absl::string_view source_id) {
  return Key("collisions")
      .String(directory)
      .String(run)
      .Int64(kind)
      .String(source_id)
      .Build();
}
// The desk's objects are groups and users.
inline std::string Decisions(absl::string_view directory) {
  return Row("desk", directory);
}
inline std::string DecisionsOn(absl::string_view directory,
                               absl::string_view object) {
  return Row("desk", directory, object);
}
inline std::string Decision(absl::string_view directory,
                            absl::string_view object,
                            absl::string_view source_id) {
  return Key("desk").String(directory).String(object).String(source_id).Build();
}
inline std::string Directory(absl::string_view directory) {
  return Row("directories", directory);
}
inline std::string Live(absl::string_view directory) {
  return Row("live", directory);
}
inline std::string HistoryOf(absl::string_view user) {
  return Row("user_history", user);
}
inline std::string History(absl::string_view user, int64_t sequence) {
  return Key("user_history").String(user).Int64(sequence).Build();
}

inline std::string Head() { return Table("head"); }
inline std::string Feed(int64_t sequence) {
  return Key("changes").Int64(sequence).Build();
}
inline std::string FeedConsumer(absl::string_view service) {
  return Row("feed_consumers", service);
}
inline std::string Request(absl::string_view directory,
                           absl::string_view request_id) {
  return Row("requests", directory, request_id);
}
inline std::string RequestByTime(absl::Time time, absl::string_view directory,
                                 absl::string_view request_id) {
  return Key("requests_by_time")
      .Time(time)
      .String(directory)
      .String(request_id)
      .Build();
}

}  // namespace rollcall::reconciliation::keys

#endif  // ROLLCALL_SERVICES_RECONCILIATION_KEYS_H_
