#include "services/reconciliation/run_naming.h"

#include <cstddef>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/algorithm/container.h"
#include "absl/types/optional.h"
#include "common/status/status_macros.h"
#include "common/store/key.h"
#include "common/store/proto_table.h"
#include "services/reconciliation/keys.h"
#include "services/reconciliation/records.h"
#include "services/reconciliation/run_steps.h"
#include "services/reconciliation/user_sync.h"
#include "services/reconciliation/username_form.h"

namespace rollcall::reconciliation {
namespace {

using rollcall::store::GetMessage;
using rollcall::store::KeyRange;
using rollcall::store::KeyReader;
using rollcall::store::MessageCursor;

// Users who wait for each other are renamed in one batch: so many at most. More
// wait for the next run, which begins where this one has stopped.
constexpr size_t kMaxQueue = 200;

// A user who waits for a name: to be renamed, or to be created.
struct Waiting {
  std::string key;
  std::string source_id;
  store::WithheldRow row;
  UserRecord user;  // Without id: is to be created.
};

// Those who have to be renamed together: each has the name that the one before
// him waits for.
struct Queue {
  std::vector<Waiting> users;
  // Who keeps the name that the last one waits for; none: it comes free.
  absl::optional<User> holder;
};

absl::StatusOr<std::string> LinkedTo(const std::string& source_id,
                                     const RunWork& work,
                                     const Transaction& transaction) {
  ASSIGN_OR_RETURN(
      absl::optional<UserRecord> linked,
      transaction.identities().FindUserBySource(work.directory(), source_id));
  return linked.has_value() ? linked->user.id : std::string();
}

// Whether the source still calls the user so, as far as is known: a sync of
// this user alone may know better. The next run is told of it.
bool IsStillCalledSo(const Claim& claim, const store::RenameRow& rename,
                     const RunWork& work) {
  return rename.rule() != "A3" ||
         UsernameOf(claim.user_principal_name, work.rules.normalization) ==
             rename.to();
}

// None if nobody waits under this key, or not any more.
absl::StatusOr<absl::optional<Waiting>> FindWaiting(
    const std::string& source_id, const UserSync& sync, const RunWork& work,
    const Transaction& transaction) {
  Waiting waiting;
  waiting.source_id = source_id;
  waiting.key = keys::Withheld(work.directory(), work.name.id(),
                               work.place.attempt(), source_id);
  ASSIGN_OR_RETURN(absl::optional<store::WithheldRow> row,
                   GetMessage<store::WithheldRow>(transaction.reader(),
                                                  work.account(), waiting.key));
  if (!row.has_value() || !row->has_rename()) {
    return absl::optional<Waiting>();
  }
  waiting.row = *std::move(row);
  if (waiting.row.has_create()) {
    ASSIGN_OR_RETURN(const std::string linked_id,
                     LinkedTo(source_id, work, transaction));
    if (!linked_id.empty()) return absl::optional<Waiting>();
    return absl::make_optional(std::move(waiting));
  }
  ASSIGN_OR_RETURN(absl::optional<UserRecord> user,
                   transaction.identities().FindUser(waiting.row.user_id()));
  if (!user.has_value()) return absl::optional<Waiting>();
  // Another directory's run, a person or an undoing may have come between.
  const Claim* claim = user->user.ClaimOf(work.directory());
  const bool still_waits = claim != nullptr && claim->source_id == source_id &&
                           !sync.IsPinned(user->user) &&
                           user->user.username == waiting.row.rename().from() &&
                           IsStillCalledSo(*claim, waiting.row.rename(), work);
  if (!still_waits) return absl::optional<Waiting>();
  waiting.user = *std::move(user);
  return absl::make_optional(std::move(waiting));
}

absl::StatusOr<Queue> QueueOf(Waiting first, const UserSync& sync,
                              const RunWork& work,
                              const Transaction& transaction) {
  Queue queue;
  queue.users.push_back(std::move(first));
  while (true) {
    ASSIGN_OR_RETURN(absl::optional<UserRecord> holder,
                     transaction.identities().FindUserByUsername(
                         queue.users.back().row.rename().to()));
    if (!holder.has_value()) return queue;
    const std::string& id = holder->user.id;
    if (id == queue.users.front().user.user.id) return queue;  // A swap.
    queue.holder = holder->user;
    const bool is_known = absl::c_any_of(queue.users, [&](const Waiting& user) {
      return user.user.user.id == id;
    });
    const Claim* claim = holder->user.ClaimOf(work.directory());
    if (is_known || claim == nullptr || queue.users.size() == kMaxQueue) {
      return queue;
    }
    ASSIGN_OR_RETURN(absl::optional<Waiting> next,
                     FindWaiting(claim->source_id, sync, work, transaction));
    if (!next.has_value()) return queue;
    queue.holder.reset();
    queue.users.push_back(*std::move(next));
  }
}

// Ends the wait of the user, and of those who go out of his way.
absl::Status Settle(Waiting first, const RunWork& work, UserSync& sync,
                    Transaction& transaction) {
  ASSIGN_OR_RETURN(Queue queue,
                   QueueOf(std::move(first), sync, work, transaction));
  if (queue.holder.has_value()) {
    Waiting& user = queue.users.front();
    ASSIGN_OR_RETURN(
        const absl::optional<UserRecord> in_the_way,
        transaction.identities().FindUserByUsername(user.row.rename().to()));
    RETURN_IF_ERROR(
        user.row.has_create()
            ? sync.KeepOut(user.source_id, in_the_way->user, &user.row)
            : sync.KeepName(user.user, user.source_id, in_the_way->user,
                            &user.row));
    transaction.Put(user.key, user.row);
    return absl::OkStatus();
  }
  for (auto user = queue.users.rbegin(); user != queue.users.rend(); ++user) {
    RETURN_IF_ERROR(user->row.has_create()
                        ? sync.CreateNamed(user->source_id, &user->row)
                        : sync.GiveName(user->user, &user->row));
    transaction.Put(user->key, user->row);
  }
  return absl::OkStatus();
}

// Of an object that was to be created, and that a sync of this user has linked
// meanwhile: what it has seen is newer, so the source is asked once more.
absl::Status LookAtLinked(const std::string& key, const std::string& source_id,
                          store::WithheldRow row, const RunWork& work,
                          Transaction& transaction) {
  ASSIGN_OR_RETURN(const std::string linked_id,
                   LinkedTo(source_id, work, transaction));
  row.set_user_id(linked_id);
  row.set_look_again(true);
  row.clear_rename();
  row.clear_create();
  transaction.Put(key, row);
  return absl::OkStatus();
}

// True if nobody waits any more behind `*after`.
absl::StatusOr<bool> SettleSome(const RunEngineOptions& options, RunWork& work,
                                std::string* after) {
  const std::string all = keys::WithheldOfAttempt(
      work.directory(), work.name.id(), work.place.attempt());
  ASSIGN_OR_RETURN(auto transaction, Begin(options, work));
  MessageCursor<store::WithheldRow> cursor(
      transaction->reader(), work.account(),
      after->empty() ? KeyRange::Prefix(all)
                     : KeyRange::PrefixAfter(all, *after));
  UserSync sync(work, *transaction, options.clock.TimeNow(), options.make_id);
  bool is_done = false;
  while (!IsFull(options, *transaction)) {
    ASSIGN_OR_RETURN(auto entry, cursor.Next());
    is_done = !entry.has_value();
    if (is_done) break;
    *after = entry->key;
    if (!entry->message.has_rename()) continue;
    std::string directory, run, source_id;
    int64_t attempt = 0;
    RETURN_IF_ERROR(KeyReader(entry->key)
                        .Table("withheld")
                        .String(&directory)
                        .String(&run)
                        .Int64(&attempt)
                        .String(&source_id)
                        .Finish());
    ASSIGN_OR_RETURN(absl::optional<Waiting> waiting,
                     FindWaiting(source_id, sync, work, *transaction));
    if (!waiting.has_value() && entry->message.has_create()) {
      RETURN_IF_ERROR(LookAtLinked(entry->key, source_id,
                                   std::move(entry->message), work,
                                   *transaction));
    }
    if (!waiting.has_value()) continue;
    RETURN_IF_ERROR(Settle(*std::move(waiting), work, sync, *transaction));
  }
  if (is_done) work.place.set_has_waiting_names(false);
  SaveProgress(work, *transaction);
  RETURN_IF_ERROR(transaction->Commit());
  return is_done;
}

}  // namespace

absl::Status SettleNames(const RunEngineOptions& options, RunWork& work) {
  std::string after;
  while (work.place.has_waiting_names() && !options.is_stopping()) {
    RETURN_IF_ERROR(SettleSome(options, work, &after).status());
  }
  return absl::OkStatus();
}

}  // namespace rollcall::reconciliation
