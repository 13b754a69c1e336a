#include "services/reconciliation/row_texts.h"

#include <algorithm>
#include <cstdlib>
#include <iostream>
#include <map>
#include <utility>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "common/store/proto_table.h"
#include "google/protobuf/message.h"
#include "services/reconciliation/desk_store.pb.h"
#include "services/reconciliation/feed_store.pb.h"
#include "services/reconciliation/identity_reader.h"
#include "services/reconciliation/keys.h"
#include "services/reconciliation/store.pb.h"

namespace rollcall::reconciliation {
namespace {

using rollcall::store::KeyRange;
using rollcall::store::MessageCursor;

template <typename T>
T Must(absl::StatusOr<T> value) {
  if (value.ok()) return *std::move(value);
  std::cerr << value.status() << std::endl;
  std::abort();
}

template <typename Row>
std::string TextOf(const std::string& value) {
  return Must(rollcall::store::Parse<Row>(value)).DebugString();
}

// How often it was read, for a lost reading is read again, is not what came of
// it.
std::string DirectoryText(const std::string& value) {
  auto row = Must(rollcall::store::Parse<store::DirectoryRow>(value));
  row.clear_readings();
  return row.DebugString();
}

// A row as text; the table is the first part of the key.
std::string RowText(const std::string& key, const std::string& value) {
  const std::string table = key.substr(0, key.find('\0'));
  if (table == "users" || table == "before")
    return TextOf<store::UserRow>(value);
  if (table == "groups") return TextOf<store::GroupRow>(value);
  if (table == "runs") return TextOf<store::RunRow>(value);
  if (table == "changes") return TextOf<store::EventRow>(value);
  if (table == "withheld") return TextOf<store::WithheldRow>(value);
  if (table == "places") return TextOf<store::PlaceRow>(value);
  if (table == "scopes") return TextOf<store::ScopeRow>(value);
  if (table == "running") return TextOf<store::RunningRow>(value);
  if (table == "directories") return DirectoryText(value);
  if (table == "live") return TextOf<store::LiveRow>(value);
  if (table == "held") return TextOf<store::HeldBatchRow>(value);
  if (table == "collisions") return TextOf<store::CollisionRow>(value);
  if (table == "desk") return TextOf<store::DecisionRow>(value);
  if (table == "held_rows") return TextOf<store::WithheldRow>(value);
  if (table == "feed_consumers") return TextOf<store::FeedConsumerRow>(value);
  return TextOf<store::IdRow>(value);
}

// The last part of a resource name.
std::string IdIn(const std::string& name) {
  return name.substr(name.rfind('/') + 1);
}

// What to write in place of ids.
std::map<std::string, std::string> NamesOfIds(
    const rollcall::store::Reader& rows, const std::string& account) {
  std::map<std::string, std::string> names;
  const IdentityReader identities(rows, account);
  for (const User& user : Must(identities.ListUsers("", 100'000))) {
    names[user.id] = absl::StrCat("<", user.username, ">");
  }
  for (const Group& group : Must(identities.ListGroups("", 100'000))) {
    names[group.id] = absl::StrCat("<", group.display_name, ">");
  }
  MessageCursor<store::RunRow> runs(rows, account,
                                    KeyRange::Prefix(keys::Table("runs")));
  while (auto row = Must(runs.Next())) {
    const v1::Run& run = row->message.run();
    if (run.kind() == v1::Run::SINGLE_USER ||
        run.kind() == v1::Run::HELD_BATCH) {
      names[IdIn(run.name())] =
          absl::StrCat("<", v1::Run::Kind_Name(run.kind()), " ",
                       run.create_time().seconds(), ">");
    }
  }
  MessageCursor<store::HeldBatchRow> held(
      rows, account, KeyRange::Prefix(keys::Table("held")));
  while (auto row = Must(held.Next())) {
    const v1::HeldBatch& batch = row->message.batch();
    names[IdIn(batch.name())] =
        absl::StrCat("<", v1::HeldBatch::Danger_Name(batch.danger()), " ",
                     batch.create_time().seconds(), ">");
  }
  return names;
}

// The order of members is that of ids, which are drawn anew.
std::string SortedLines(const std::string& text) {
  std::vector<std::string> lines;
  std::string line, sorted;
  for (const char c : text) {
    line.push_back(c);
    if (c == '\n') lines.push_back(std::exchange(line, ""));
  }
  std::sort(lines.begin(), lines.end());
  sorted = line;
  for (const std::string& each : lines) sorted += each;
  return sorted;
}

}  // namespace

std::vector<std::string> RowTexts(const rollcall::store::Reader& rows,
                                  const std::string& account) {
  const std::map<std::string, std::string> names = NamesOfIds(rows, account);
  std::vector<std::string> texts;
  auto cursor = rows.Scan(account, KeyRange());
  while (auto entry = Must(cursor->Next())) {
    if (entry->key == keys::Head()) continue;
    std::string text =
        absl::StrReplaceAll(absl::StrCat(absl::CHexEscape(entry->key), " ",
                                         RowText(entry->key, entry->value)),
                            names);
    const bool has_groups = text.find("groups:") != std::string::npos;
    texts.push_back(has_groups ? SortedLines(text) : std::move(text));
  }
  std::sort(texts.begin(), texts.end());
  return texts;
}

}  // namespace rollcall::reconciliation
