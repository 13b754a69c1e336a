#include "services/enrollment/mail_ledger.h"

#include <limits>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/status/errors.h"
#include "common/status/status_macros.h"
#include "common/store/proto_table.h"
#include "common/time/proto_time.h"
#include "services/enrollment/keys.h"
#include "services/enrollment/mail_key.h"

namespace rollcall::enrollment {

using rollcall::store::Batch;
using rollcall::store::GetMessage;
using rollcall::store::KeyRange;
using rollcall::store::KeyReader;
using rollcall::store::MessageCursor;
using rollcall::store::Reader;
using rollcall::store::Serialize;
using store::Mail;
using store::MailCounts;
using store::Sending;

namespace {

std::string DueKeyOf(const std::string& id, const Mail& mail) {
  return DueKey(FromTimestamp(mail.next_attempt_time()), id);
}

absl::StatusOr<std::string> MailIdOf(absl::string_view row_key) {
  std::string id;
  RETURN_IF_ERROR(KeyReader(row_key).Table("mails").String(&id).Finish());
  return id;
}

absl::StatusOr<std::vector<LedgerMail>> ReadMails(const Reader& reader,
                                                  const AccountName& account,
                                                  const KeyRange& range,
                                                  int limit) {
  std::vector<LedgerMail> mails;
  MessageCursor<Mail> cursor(reader, account.id(), range);
  while (static_cast<int>(mails.size()) < limit) {
    ASSIGN_OR_RETURN(auto row, cursor.Next());
    if (!row.has_value()) break;
    ASSIGN_OR_RETURN(std::string id, MailIdOf(row->key));
    mails.push_back({std::move(id), std::move(row->message)});
  }
  return mails;
}

}  // namespace

void MailChanges::Replace(const std::string& id,
                          const absl::optional<Mail>& before, const Mail& after,
                          Batch* batch) {
  const std::string key = MailRowKey(id);
  if (before.has_value()) {
    batch->ExpectValue(key, Serialize(*before));
    if (before->state() == Mail::QUEUED) batch->Delete(DueKeyOf(id, *before));
    if (before->state() == Mail::SENDING) {
      batch->Delete(SendingKey(id));
      batch->Delete(FinalDotKey(id));
    }
    --deltas_[before->state()];
  } else {
    batch->ExpectAbsent(key);
  }
  batch->Put(key, Serialize(after));
  if (after.state() == Mail::QUEUED) batch->Put(DueKeyOf(id, after), "");
  if (after.state() == Mail::SENDING) {
    Sending sending;
    sending.set_attempt(after.attempt_count());
    batch->Put(SendingKey(id), Serialize(sending));
  }
  ++deltas_[after.state()];
}

absl::Status MailChanges::Count(const Reader& reader, Batch* batch) const {
  const std::string key = MailCountsKey(writer_);
  ASSIGN_OR_RETURN(absl::optional<MailCounts> counts,
                   GetMessage<MailCounts>(reader, account_.id(), key));
  MailCounts after = counts.value_or(MailCounts());
  bool changed = false;
  for (const auto& [state, delta] : deltas_) {
    if (delta == 0) continue;
    (*after.mutable_by_state())[state] += delta;
    changed = true;
  }
  if (changed) batch->Put(key, Serialize(after));
  return absl::OkStatus();
}

absl::StatusOr<absl::optional<Mail>> MailLedger::Get(
    const AccountName& account, absl::string_view id) const {
  return GetMessage<Mail>(store_, account.id(), MailRowKey(id));
}

absl::StatusOr<std::vector<LedgerMail>> MailLedger::List(
    const AccountName& account, absl::string_view after, int limit) const {
  const std::string table = Key("mails").Build();
  return ReadMails(store_, account,
                   after.empty()
                       ? KeyRange::Prefix(table)
                       : KeyRange::PrefixAfter(table, MailRowKey(after)),
                   limit);
}

absl::StatusOr<std::vector<LedgerMail>> MailLedger::ListOfUser(
    const UserName& user) const {
  constexpr int kAll = std::numeric_limits<int>::max();
  return ReadMails(store_, user.account(),
                   KeyRange::Prefix(absl::StrCat(Key("mails").Build(),
                                                 MailKeyPrefix(user.id()))),
                   kAll);
}

absl::StatusOr<std::map<int, int64_t>> MailLedger::Counts(
    const AccountName& account) const {
  std::map<int, int64_t> counts;
  // One instant, so that a mail on its way between writers counts once.
  const std::unique_ptr<Reader> snapshot = store_.Snapshot();
  MessageCursor<MailCounts> cursor(
      *snapshot, account.id(), KeyRange::Prefix(Key("mail_counts").Build()));
  while (true) {
    ASSIGN_OR_RETURN(auto row, cursor.Next());
    if (!row.has_value()) return counts;
    for (const auto& [state, count] : row->message.by_state()) {
      counts[state] += count;
    }
  }
}

absl::StatusOr<std::vector<LedgerMail>> MailLedger::ListDue(
    const AccountName& account, absl::Time now, int limit) const {
  std::vector<LedgerMail> mails;
  const std::unique_ptr<Reader> snapshot = store_.Snapshot();
  const auto cursor =
      snapshot->Scan(account.id(), KeyRange::Prefix(Key("due").Build()));
  while (static_cast<int>(mails.size()) < limit) {
    ASSIGN_OR_RETURN(auto entry, cursor->Next());
    if (!entry.has_value()) break;
    absl::Time time;
    std::string id;
    RETURN_IF_ERROR(
        KeyReader(entry->key).Table("due").Time(&time).String(&id).Finish());
    if (time > now) break;
    ASSIGN_OR_RETURN(absl::optional<Mail> mail,
                     GetMessage<Mail>(*snapshot, account.id(), MailRowKey(id)));
    if (!mail.has_value()) {
      return DataLoss("MAIL_MISSING",
                      absl::StrCat("The mail ", id, " is due and not there."),
                      {{"mail", id}});
    }
    mails.push_back({std::move(id), *std::move(mail)});
  }
  return mails;
}

absl::StatusOr<std::vector<MailLedger::Interrupted>> MailLedger::ListSending(
    const AccountName& account, int limit) const {
  std::vector<Interrupted> mails;
  MessageCursor<Sending> cursor(store_, account.id(),
                                KeyRange::Prefix(Key("sending").Build()));
  while (static_cast<int>(mails.size()) < limit) {
    ASSIGN_OR_RETURN(auto row, cursor.Next());
    if (!row.has_value()) break;
    std::string id;
    RETURN_IF_ERROR(KeyReader(row->key).Table("sending").String(&id).Finish());
    ASSIGN_OR_RETURN(absl::optional<Mail> mail, Get(account, id));
    if (!mail.has_value()) {
      return DataLoss(
          "MAIL_MISSING",
          absl::StrCat("The mail ", id, " is being sent and not there."),
          {{"mail", id}});
    }
    ASSIGN_OR_RETURN(
        absl::optional<Sending> dot,
        GetMessage<Sending>(store_, account.id(), FinalDotKey(id)));
    mails.push_back({{std::move(id), *std::move(mail)}, dot.has_value()});
  }
  return mails;
}

absl::Status MailLedger::NoteFinalDot(const AccountName& account,
                                      const std::string& id, int attempt) {
  Sending sending;
  sending.set_attempt(attempt);
  Batch batch(account.id());
  batch.Put(FinalDotKey(id), Serialize(sending));
  return store_.Commit(batch);
}

}  // namespace rollcall::enrollment
