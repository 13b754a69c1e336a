#include "services/directory/group_reader.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/status/errors.h"
#include "common/status/status_macros.h"
#include "services/directory/id_sort.h"
#include "services/directory/page_walk.h"

namespace rollcall::directory {
namespace {

constexpr size_t kGroupsPerQuestion = 1000;  // What getByIds takes.

}  // namespace

absl::StatusOr<GroupsRead> GroupReader::Read(
    const std::vector<SourceId>& selected, const std::function<void()>& tick) {
  {
    absl::MutexLock lock(&mutex_);
    for (const SourceId& id : selected) Discover(id, true);
  }
  RETURN_IF_ERROR(crew_.Wait(tick));

  // Names and visibilities of all of them at once.
  size_t count = 0;
  {
    absl::MutexLock lock(&mutex_);
    count = read_.groups.size();
  }
  for (size_t begin = 0; begin < count; begin += kGroupsPerQuestion) {
    std::vector<uint32_t> numbers;
    for (size_t i = begin; i < std::min(count, begin + kGroupsPerQuestion);
         ++i) {
      numbers.push_back(static_cast<uint32_t>(i));
    }
    crew_.Add([this, numbers] { return DescribeGroups(numbers); });
  }
  RETURN_IF_ERROR(crew_.Wait(tick));

  absl::MutexLock lock(&mutex_);
  SortAndUniqueById(read_.others,
                    [](const SourceMember& member) { return member.id; });
  return std::move(read_);
}

void GroupReader::Discover(const SourceId& group, bool selected) {
  const auto number = static_cast<uint32_t>(read_.groups.size());
  if (!numbers_.insert({group, number}).second) return;
  GroupRecord record;
  record.evidence.id = group;
  record.evidence.selected = selected;
  read_.groups.push_back(std::move(record));
  crew_.Add([this, number, group] { return ReadGroup(number, group); });
}

absl::Status GroupReader::ReadGroup(uint32_t number, const SourceId& id) {
  MemberList list;
  const absl::Status chain =
      ReadMemberList(graph_, id, limits_.memberships, on_members_, list);
  if (EndsTheRead(chain)) return chain;
  RETURN_IF_ERROR(writer_.PutMembers(id, list.users));
  return Record(number, chain, std::move(list));
}

absl::Status GroupReader::Record(uint32_t number, const absl::Status& chain,
                                 MemberList list) {
  absl::MutexLock lock(&mutex_);
  for (const SourceId& inner : list.groups) Discover(inner, false);
  GroupRecord& record = read_.groups[number];
  GroupEvidence& evidence = record.evidence;
  if (absl::IsNotFound(chain)) {
    evidence.chain = GroupEvidence::Chain::kMissing;
  } else if (!chain.ok()) {
    evidence.chain = GroupEvidence::Chain::kCut;
    evidence.error = std::string(chain.message());
  }
  evidence.members = static_cast<int64_t>(
      list.users.size() + list.groups.size() + list.others.size());
  evidence.unreadable = list.unreadable;
  for (const SourceId& user : list.users) {
    read_.memberships.push_back({user, number});
  }
  record.inner_groups = std::move(list.groups);
  read_.others.insert(read_.others.end(), list.others.begin(),
                      list.others.end());
  if (read_.groups.size() > limits_.groups) {
    return DirectoryTooLarge("groups", limits_.groups);
  }
  if (read_.memberships.size() + read_.others.size() > limits_.memberships) {
    return DirectoryTooLarge("memberships", limits_.memberships);
  }
  return absl::OkStatus();
}

absl::Status GroupReader::DescribeGroups(const std::vector<uint32_t>& numbers) {
  std::vector<SourceId> ids;
  {
    absl::MutexLock lock(&mutex_);
    for (const uint32_t number : numbers) {
      ids.push_back(read_.groups[number].evidence.id);
    }
  }
  absl::StatusOr<Page<SourceGroup>> page =
      GetByIds(graph_, "group", "id,displayName,description,visibility", ids,
               ParseGroupPage);
  if (EndsTheRead(page.status())) return page.status();
  if (!page.ok()) return absl::OkStatus();  // Undescribed, so not proved.
  absl::MutexLock lock(&mutex_);
  for (const SkippedObject& skipped : page->skipped) {
    if (!skipped.id.has_value()) continue;
    const auto found = numbers_.find(*skipped.id);
    if (found == numbers_.end()) continue;
    read_.groups[found->second].evidence.skip_reason = skipped.reason;
  }
  for (SourceGroup& group : page->items) {
    const auto found = numbers_.find(group.id);
    if (found == numbers_.end() || group.is_limited()) continue;
    GroupRecord& record = read_.groups[found->second];
    record.evidence.described = true;
    record.evidence.visibility = group.visibility.value();
    record.display_name = group.display_name.value();
    record.description = group.description.value();
  }
  return absl::OkStatus();
}

}  // namespace rollcall::directory
