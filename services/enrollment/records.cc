#include "services/enrollment/records.h"

#include <algorithm>

#include "common/identity/resource_name.h"
#include "common/time/proto_time.h"

namespace rollcall::enrollment {

using reconciliation::v1::ManagedBy;
using reconciliation::v1::User;
using store::Enrollment;
using store::Person;

namespace {

Person::State StateOf(User::State state) {
  switch (state) {
    case User::ACTIVE:
      return Person::ACTIVE;
    case User::BYPASS:
      return Person::BYPASS;
    case User::DISABLED:
      return Person::DISABLED;
    case User::PENDING_DELETION:
      return Person::PENDING_DELETION;
    default:
      // A state of a later version: nobody is mailed whom we don't understand.
      return Person::DISABLED;
  }
}

UserState StateOf(Person::State state) {
  switch (state) {
    case Person::ACTIVE:
      return UserState::kActive;
    case Person::BYPASS:
      return UserState::kBypass;
    case Person::PENDING_DELETION:
      return UserState::kPendingDeletion;
    default:
      return UserState::kDisabled;
  }
}

}  // namespace

Person PersonOf(const User& user) {
  Person person;
  person.set_email(user.email());
  person.set_display_name(user.display_name());
  person.set_state(StateOf(user.state()));
  for (const ManagedBy& managed_by : user.managed_by()) {
    // One that does not parse is no directory of ours, and mails nobody.
    const auto directory = DirectoryName::Parse(managed_by.directory());
    if (directory.ok()) person.add_directories(directory->id());
  }
  person.set_source_has_phone_data(user.source_has_phone_data());
  person.set_device_count(user.device_count());
  person.set_pinned(!user.pinned_by().empty());
  return person;
}

Candidate CandidateOf(const Person& person, const std::string& directory) {
  return {.state = StateOf(person.state()),
          .email = person.email(),
          .device_count = person.device_count(),
          .source_has_phone_data = person.source_has_phone_data(),
          .managed = std::find(person.directories().begin(),
                               person.directories().end(),
                               directory) != person.directories().end(),
          .pinned = person.pinned()};
}

DirectoryOptions OptionsOf(const absl::optional<store::Directory>& directory) {
  if (!directory.has_value()) return {};
  return {.enrollment_mail = directory->enrollment_mail_enabled(),
          .phone_import = directory->phone_import_enabled()};
}

Cycle CycleOf(const Enrollment& enrollment) {
  Cycle cycle = {.number = enrollment.cycle(),
                 .issue_time = FromTimestamp(enrollment.issue_time()),
                 .expire_time = FromTimestamp(enrollment.expire_time())};
  if (enrollment.end() == Enrollment::REVOKED) {
    cycle.end = Cycle::End::kRevoked;
  } else if (enrollment.end() == Enrollment::COMPLETED) {
    cycle.end = Cycle::End::kCompleted;
  }
  return cycle;
}

absl::optional<Cycle> CycleOf(const absl::optional<Enrollment>& enrollment) {
  if (!enrollment.has_value()) return absl::nullopt;
  return CycleOf(*enrollment);
}

}  // namespace rollcall::enrollment
