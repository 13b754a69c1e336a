#include "services/directory/member_list.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "common/status/errors.h"
#include "services/directory/id_sort.h"
#include "services/directory/page_walk.h"

namespace rollcall::directory {
namespace {

void Take(const Page<SourceMember>& page, MemberList& list) {
  list.unreadable += static_cast<int64_t>(page.skipped.size());
  for (const SourceMember& member : page.items) {
    if (member.kind == MemberKind::kUser) {
      list.users.push_back(member.id);
    } else if (member.kind == MemberKind::kGroup) {
      list.groups.push_back(member.id);
    } else {
      list.others.push_back(member);
    }
  }
}

}  // namespace

absl::Status ReadMemberList(GraphSession& graph, const SourceId& group,
                            size_t max_members,
                            const std::function<void(int64_t)>& on_page,
                            MemberList& list) {
  absl::Status chain = WalkPages<SourceMember>(
      graph, {.path = absl::StrCat("/v1.0/groups/", group.ToString(),
                                   "/members?$select=id"),
              .parse = ParseMemberPage,
              .begin = [&list] { list = MemberList(); },
              .take =
                  [&](Page<SourceMember> page) {
                    on_page(static_cast<int64_t>(page.items.size()));
                    Take(page, list);
                    if (list.size() > max_members) {
                      return DirectoryTooLarge("memberships", max_members);
                    }
                    return absl::OkStatus();
                  }});
  // An object may come on several pages.
  const auto itself = [](const SourceId& id) { return id; };
  SortAndUniqueById(list.users, itself);
  SortAndUniqueById(list.groups, itself);
  SortAndUniqueById(list.others,
                    [](const SourceMember& member) { return member.id; });
  return chain;
}

absl::Status DirectoryTooLarge(absl::string_view what, size_t limit) {
  return ResourceExhausted("DIRECTORY_TOO_LARGE",
                           absl::StrCat("The selected groups hold more than ",
                                        limit, " ", what, "."),
                           {{"limit", absl::StrCat(limit)}});
}

}  // namespace rollcall::directory
