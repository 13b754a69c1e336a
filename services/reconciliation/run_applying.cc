#include "services/reconciliation/run_applying.h"

#include <algorithm>
#include <memory>
#include <string>
#include <utility>

#include "absl/types/optional.h"
#include "common/status/status_macros.h"
#include "common/store/proto_table.h"
#include "services/reconciliation/keys.h"
#include "services/reconciliation/run_steps.h"

namespace rollcall::reconciliation {
namespace {

using rollcall::store::KeyRange;
using rollcall::store::KeyReader;

// Batches without any change that are worth one commit of their place.
constexpr size_t kMaxUncommittedBatches = 3;
// With so many users at most, hardly any name of a first sync is taken.
constexpr int64_t kFewUsers = 20'000;

// The directory's users in the order of source ids. One thread.
class ManagedUsers {
 public:
  ManagedUsers(const Transaction& transaction, const KeyRange& range)
      : cursor_(transaction.reader().Scan(transaction.account(), range)) {}

  absl::Status Advance() {
    ASSIGN_OR_RETURN(absl::optional<rollcall::store::Entry> entry,
                     cursor_->Next());
    has_value_ = entry.has_value();
    if (!has_value_) return absl::OkStatus();
    std::string directory;
    RETURN_IF_ERROR(KeyReader(entry->key)
                        .Table("users_by_source")
                        .String(&directory)
                        .String(&source_id_)
                        .Finish());
    ASSIGN_OR_RETURN(store::IdRow row,
                     rollcall::store::Parse<store::IdRow>(entry->value));
    user_id_ = row.id();
    return absl::OkStatus();
  }

  bool has_value() const { return has_value_; }
  const std::string& source_id() const { return source_id_; }
  const std::string& user_id() const { return user_id_; }

 private:
  std::unique_ptr<rollcall::store::Cursor> cursor_;
  bool has_value_ = false;
  std::string source_id_;
  std::string user_id_;
};

}  // namespace

RunApplying::~RunApplying() {
  if (remembers_usernames_) options_.store.ForgetUsernames(work_.account());
}

absl::Status RunApplying::Apply(const std::vector<StreamedUser>& users,
                                bool to_end) {
  size_t next = 0;
  bool is_done = users.empty() && !to_end;
  while (!is_done) {
    ASSIGN_OR_RETURN(is_done, ApplyBatch(users, to_end, &next));
  }
  Show(options_, work_);
  return absl::OkStatus();
}

// True if nothing is left. `*next` is the first of `users` that is not done.
absl::StatusOr<bool> RunApplying::ApplyBatch(
    const std::vector<StreamedUser>& users, bool to_end, size_t* next) {
  ASSIGN_OR_RETURN(auto transaction, Begin(options_, work_));
  transaction->Reserve(last_row_count_);
  UserSync sync(work_, *transaction, options_.clock.TimeNow(),
                options_.make_id);
  bool is_done = false;
  if (work_.run.kind() == v1::Run::CHANGES) {
    ASSIGN_OR_RETURN(is_done, LookUp(users, next, sync, *transaction));
  } else {
    if (!std::exchange(remembers_usernames_, true)) {
      RETURN_IF_ERROR(transaction->RememberUsernames(kFewUsers));
    }
    ASSIGN_OR_RETURN(is_done, Join(users, to_end, next, sync, *transaction));
  }

  const int64_t total = work_.run.progress().total();
  const int64_t seen = work_.counters().users_seen();
  SetProgress(seen, total == 0 ? 0 : std::max(total, seen), work_);
  // Where nothing changed, the place alone is not worth a commit each time.
  if (transaction->empty() && ++uncommitted_batches_ < kMaxUncommittedBatches) {
    return is_done;
  }
  uncommitted_batches_ = 0;
  last_row_count_ = transaction->row_count();
  SaveProgress(work_, *transaction);
  RETURN_IF_ERROR(transaction->Commit());
  return is_done;
}

absl::StatusOr<bool> RunApplying::Join(const std::vector<StreamedUser>& users,
                                       bool to_end, size_t* next,
                                       UserSync& sync,
                                       const Transaction& transaction) {
  KeyRange range = KeyRange::PrefixAfter(
      keys::UsersOfSource(work_.directory()),
      keys::UserBySource(work_.directory(), work_.place.through()));
  if (!to_end) {
    // Up to and including the last user.
    range.end =
        keys::UserBySource(work_.directory(), users.back().user.source_id) +
        '\0';
  }
  ManagedUsers managed(transaction, range);
  RETURN_IF_ERROR(managed.Advance());
  while (!IsFull(options_, transaction)) {
    const bool has_desired = *next < users.size();
    if (!has_desired && !managed.has_value()) return true;
    if (managed.has_value() &&
        (!has_desired || managed.source_id() < users[*next].user.source_id)) {
      RETURN_IF_ERROR(sync.Absent(managed.source_id(), managed.user_id()));
      work_.place.set_through(managed.source_id());
      RETURN_IF_ERROR(managed.Advance());
      continue;
    }
    const DesiredUser& desired = users[*next].user;
    const bool linked =
        managed.has_value() && managed.source_id() == desired.source_id;
    RETURN_IF_ERROR(
        sync.Seen(desired, linked ? managed.user_id() : std::string()));
    work_.place.set_through(desired.source_id);
    ++*next;
    if (linked) RETURN_IF_ERROR(managed.Advance());
  }
  return false;
}

absl::StatusOr<bool> RunApplying::LookUp(const std::vector<StreamedUser>& users,
                                         size_t* next, UserSync& sync,
                                         const Transaction& transaction) {
  while (!IsFull(options_, transaction)) {
    if (*next == users.size()) return true;
    const StreamedUser& streamed = users[*next];
    // The user himself is read where something is decided about him.
    ASSIGN_OR_RETURN(
        absl::optional<store::IdRow> linked,
        rollcall::store::GetMessage<store::IdRow>(
            transaction.reader(), work_.account(),
            keys::UserBySource(work_.directory(), streamed.user.source_id)));
    if (!streamed.gone) {
      RETURN_IF_ERROR(sync.Seen(
          streamed.user, linked.has_value() ? linked->id() : std::string()));
    } else {
      work_.place.set_gone_count(work_.place.gone_count() + 1);
      if (linked.has_value()) {
        RETURN_IF_ERROR(sync.Absent(streamed.user.source_id, linked->id()));
      } else {
        // A merge may be void now.
        RETURN_IF_ERROR(sync.WithholdNothing(streamed.user.source_id, ""));
      }
    }
    work_.place.set_through(streamed.user.source_id);
    ++*next;
  }
  return false;
}

}  // namespace rollcall::reconciliation
