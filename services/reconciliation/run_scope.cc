#include "services/reconciliation/run_scope.h"

#include "absl/strings/str_cat.h"
#include "common/crypto/digest.h"

namespace rollcall::reconciliation {
namespace {

void AddLimit(bool is_set, const directory::v1::GuardLimit& limit,
              store::ScopeRow* scope) {
  const Limit standard;
  store::LimitRow& row = *scope->add_limits();
  row.set_percent(is_set ? limit.percent() : standard.percent);
  row.set_count(is_set ? limit.count() : static_cast<int>(standard.count));
}

}  // namespace

store::ScopeRow ScopeOf(const directory::v1::Directory& directory) {
  store::ScopeRow scope;
  for (const auto& group : directory.selected_groups()) {
    scope.add_selected_source_ids(group.source_id());
  }
  scope.set_phone_import_enabled(directory.phone_import_enabled());
  scope.set_username_normalization_enabled(
      directory.username_normalization_enabled());
  scope.set_enrollment_mail_enabled(directory.enrollment_mail_enabled());
  scope.set_renames_followed(directory.rename_policy() ==
                             directory::v1::Directory::FOLLOW);
  // In the order of Danger.
  const directory::v1::GuardLimits& limits = directory.guard_limits();
  AddLimit(limits.has_removed(), limits.removed(), &scope);
  AddLimit(limits.has_disabled(), limits.disabled(), &scope);
  AddLimit(limits.has_groups_emptied(), limits.groups_emptied(), &scope);
  AddLimit(limits.has_merged(), limits.merged(), &scope);
  AddLimit(limits.has_emails_cleared(), limits.emails_cleared(), &scope);
  return scope;
}

Limit LimitOf(const store::ScopeRow& scope, Danger danger) {
  // Who leaves a group is nearer to being removed than to anything else.
  if (danger == Danger::kMembersRemoved) danger = Danger::kRemoved;
  const int index = static_cast<int>(danger) - 1;
  if (index >= scope.limits_size()) return Limit();
  return {scope.limits(index).percent(), scope.limits(index).count()};
}

std::string ShapeOf(const store::ScopeRow& scope,
                    const std::vector<DesiredGroup>& groups) {
  std::string text = absl::StrCat(scope.phone_import_enabled(), " ",
                                  scope.username_normalization_enabled(), " ",
                                  scope.enrollment_mail_enabled(), "\n");
  for (const std::string& selected : scope.selected_source_ids()) {
    absl::StrAppend(&text, selected, "\n");
  }
  for (const DesiredGroup& group : groups) {
    absl::StrAppend(&text, group.source_id, " ", group.missing, " ",
                    group.display_name.size(), " ", group.display_name, "\n");
  }
  return Base64Url(Sha256(text));
}

}  // namespace rollcall::reconciliation
