#include "services/reconciliation/source_records.h"

#include <algorithm>

#include "absl/algorithm/container.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "common/identity/values.h"
#include "common/status/errors.h"
#include "common/status/status_macros.h"
#include "common/status/utf8.h"

namespace rollcall::reconciliation {
namespace {

// More than any name of the source; keeps rows and keys small whatever comes
// (invariant 29).
constexpr size_t kMaxTextBytes = 1024;

std::string Text(const std::string& text) {
  return text.size() <= kMaxTextBytes ? text : CutUtf8(text, kMaxTextBytes);
}

absl::Status CheckSourceId(const std::string& text) {
  absl::StatusOr<ObjectId> id = ObjectId::Parse(text);
  if (id.ok() && id->value() == text) return absl::OkStatus();
  return DataLoss("SOURCE_ID_INVALID",
                  "The directory streamed an object whose id is not a GUID in "
                  "lower case.");
}

}  // namespace

absl::StatusOr<DesiredUser> ReadDesiredUser(
    const directory::v1::DesiredUser& message,
    const absl::flat_hash_map<std::string, std::string>& group_ids) {
  RETURN_IF_ERROR(CheckSourceId(message.source_id()));
  DesiredUser user;
  user.source_id = message.source_id();
  user.user_principal_name = Text(message.user_principal_name());
  user.display_name = Text(message.display_name());
  user.email = Text(message.email());
  user.enabled = message.enabled();
  user.has_phone_data = message.has_phone_data();
  user.username_collides = message.username_collides();
  user.skip_reason = message.skip_reason();
  user.guest = message.guest();
  user.phone_malformed =
      absl::c_linear_search(message.warnings(), "PHONE_MALFORMED");
  if (user.skip_reason.empty() && !message.username().empty()) {
    absl::StatusOr<Username> username = Username::Parse(message.username());
    if (username.ok()) {
      user.username = username->value();
    } else {
      user.skip_reason = "USERNAME_INVALID";
    }
  }
  for (const directory::v1::DesiredPhone& phone : message.phones()) {
    user.phones.push_back(Text(phone.number()));
  }
  for (const std::string& source_id : message.group_source_ids()) {
    auto group = group_ids.find(source_id);
    if (group != group_ids.end()) user.groups.push_back(group->second);
  }
  std::sort(user.groups.begin(), user.groups.end());
  user.groups.erase(std::unique(user.groups.begin(), user.groups.end()),
                    user.groups.end());
  return user;
}

absl::StatusOr<std::string> ReadSourceId(const std::string& text) {
  RETURN_IF_ERROR(CheckSourceId(text));
  return text;
}

absl::StatusOr<SourceView> ReadSourceView(
    const directory::v1::ReadSourceUserResponse& message,
    const absl::flat_hash_map<std::string, std::string>& group_ids) {
  SourceView view;
  *view.evidence.mutable_read_time() = message.read_time();
  view.evidence.set_found(message.found());
  view.evidence.set_in_scope(message.in_scope());
  view.evidence.set_complete(message.complete());
  view.evidence.set_source_requests(message.requests());
  for (const directory::v1::MembershipPath& path : message.paths()) {
    view.evidence.add_paths(absl::StrJoin(
        path.groups(), " > ", [](std::string* out, const auto& step) {
          out->append(Text(step.display_name().empty() ? step.source_id()
                                                       : step.display_name()));
        }));
  }
  if (!message.found()) return view;
  ASSIGN_OR_RETURN(view.user, ReadDesiredUser(message.user(), group_ids));
  return view;
}

absl::StatusOr<DesiredGroup> ReadDesiredGroup(
    const directory::v1::DesiredGroup& message) {
  RETURN_IF_ERROR(CheckSourceId(message.source_id()));
  DesiredGroup group;
  group.source_id = message.source_id();
  group.display_name = Text(message.display_name());
  if (GroupNameKey(group.display_name).empty()) {
    group.display_name = group.source_id;
  }
  group.missing = message.missing();
  return group;
}

}  // namespace rollcall::reconciliation
