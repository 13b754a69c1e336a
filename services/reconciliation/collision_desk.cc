#include "services/reconciliation/collision_desk.h"

#include "absl/strings/str_cat.h"
#include "absl/types/optional.h"
#include "common/crypto/digest.h"
#include "common/status/status_macros.h"
#include "common/store/key.h"
#include "common/store/proto_table.h"
#include "services/reconciliation/keys.h"

namespace rollcall::reconciliation {
namespace {

using rollcall::store::KeyRange;
using rollcall::store::KeyReader;
using rollcall::store::MessageCursor;

}  // namespace

DeskDecision DecisionOf(const store::DecisionRow& row) {
  return {static_cast<DeskChoice>(row.choice()), row.name()};
}

absl::StatusOr<bool> HasUserDecisions(const rollcall::store::Reader& reader,
                                      const DirectoryName& directory) {
  auto cursor = reader.Scan(
      directory.account().id(),
      KeyRange::Prefix(keys::DecisionsOn(directory.id(), kDeskUsers)));
  ASSIGN_OR_RETURN(absl::optional<rollcall::store::Entry> entry,
                   cursor->Next());
  return entry.has_value();
}

absl::StatusOr<DeskDecision> FindDecision(const rollcall::store::Reader& reader,
                                          absl::string_view account,
                                          absl::string_view directory,
                                          absl::string_view object,
                                          absl::string_view source_id) {
  ASSIGN_OR_RETURN(
      absl::optional<store::DecisionRow> row,
      rollcall::store::GetMessage<store::DecisionRow>(
          reader, account, keys::Decision(directory, object, source_id)));
  return row.has_value() ? DecisionOf(*row) : DeskDecision();
}

absl::StatusOr<std::vector<ListedDecision>> ListDecisions(
    const rollcall::store::Reader& reader, const DirectoryName& directory,
    absl::string_view after_key, int limit) {
  const std::string prefix = keys::Decisions(directory.id());
  MessageCursor<store::DecisionRow> cursor(
      reader, directory.account().id(),
      after_key.empty() ? KeyRange::Prefix(prefix)
                        : KeyRange::PrefixAfter(prefix, after_key));
  std::vector<ListedDecision> decisions;
  while (static_cast<int>(decisions.size()) < limit) {
    ASSIGN_OR_RETURN(auto row, cursor.Next());
    if (!row.has_value()) break;
    ListedDecision& decision = decisions.emplace_back();
    std::string of;
    RETURN_IF_ERROR(KeyReader(row->key)
                        .Table("desk")
                        .String(&of)
                        .String(&decision.object)
                        .String(&decision.source_id)
                        .Finish());
    decision.key = std::move(row->key);
    decision.row = std::move(row->message);
  }
  return decisions;
}

absl::StatusOr<std::string> DigestOfDecisions(
    const rollcall::store::Reader& reader, const DirectoryName& directory) {
  MessageCursor<store::DecisionRow> cursor(
      reader, directory.account().id(),
      KeyRange::Prefix(keys::Decisions(directory.id())));
  std::string digest;
  while (true) {
    ASSIGN_OR_RETURN(auto row, cursor.Next());
    if (!row.has_value()) return digest;
    // Who has decided it and when is not what was decided.
    digest =
        Sha256(absl::StrCat(digest, Sha256(row->key), row->message.choice(),
                            " ", Sha256(row->message.name())));
  }
}

void PutNotes(const std::vector<CollisionNote>& notes,
              const std::string& source_id, const std::string& source_name,
              const DeskDecision& decision, const RunName& run,
              Transaction& transaction) {
  for (const CollisionNote& note : notes) {
    store::CollisionRow row;
    row.set_source_name(source_name);
    row.set_wanted(note.wanted);
    row.set_holder(note.holder);
    row.set_choice(static_cast<int>(decision.choice));
    row.set_rule(note.rule);
    row.set_reason(note.reason);
    transaction.Put(keys::Collision(run.directory().id(), run.id(),
                                    static_cast<int>(note.kind), source_id),
                    row);
  }
}

}  // namespace rollcall::reconciliation
