// The objects of a tenant as plain, compact records.

#ifndef ROLLCALL_TESTS_FAKES_ENTRA_OBJECTS_H_
#define ROLLCALL_TESTS_FAKES_ENTRA_OBJECTS_H_

#include <array>
#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/string_view.h"
#include "tests/fakes/entra/guid.h"

namespace rollcall::entra {

enum class ObjectKind : uint8_t {
  kUser,
  kGroup,
  kDevice,
  kContact,
  kServicePrincipal,
};
inline constexpr int kObjectKinds = 5;

// Where an object lives: its kind, and its index among those of its kind.
// Neither ever changes, so a position in a listing is an index.
class ObjectRef {
 public:
  ObjectRef() = default;  // nothing
  ObjectRef(ObjectKind kind, uint32_t index)
      : raw_(static_cast<uint32_t>(kind) << kIndexBits | index) {}

  static ObjectRef FromRaw(uint32_t raw) {
    ObjectRef ref;
    ref.raw_ = raw;
    return ref;
  }

  ObjectKind kind() const {
    return static_cast<ObjectKind>(raw_ >> kIndexBits);
  }
  uint32_t index() const { return raw_ & ((1u << kIndexBits) - 1); }
  uint32_t raw() const { return raw_; }
  explicit operator bool() const { return raw_ != kNothing; }

  friend auto operator<=>(const ObjectRef&, const ObjectRef&) = default;
  template <typename H>
  friend H AbslHashValue(H h, const ObjectRef& ref) {
    return H::combine(std::move(h), ref.raw_);
  }

 private:
  static constexpr int kIndexBits = 29;
  static constexpr uint32_t kNothing = ~0u;
  uint32_t raw_ = kNothing;
};

// Soft-deleted objects wait in /directory/deletedItems; kGone ones keep only
// their index and id.
enum class Life : uint8_t { kLive, kSoftDeleted, kGone };

enum class UserText : uint8_t {
  kUserPrincipalName,
  kDisplayName,
  kGivenName,
  kSurname,
  kMail,
  kMobilePhone,
  kBusinessPhone,
  kJobTitle,
  kOfficeLocation,
  kPreferredLanguage,
  kCount,
};
inline constexpr int kUserTexts = static_cast<int>(UserText::kCount);

// The texts of a user; no data means null.
using UserTexts = std::array<std::optional<absl::string_view>, kUserTexts>;

// The same in one allocation: a million users fit into a quarter gigabyte.
class PackedTexts {
 public:
  PackedTexts() = default;
  explicit PackedTexts(const UserTexts& texts);

  // Valid as long as this object.
  UserTexts Unpack() const;

 private:
  std::string bytes_;
};

struct User {
  Guid id;
  PackedTexts texts;
  uint32_t created_seconds = 0;  // since 1970
  uint32_t deleted_seconds = 0;
  Life life = Life::kLive;
  bool enabled = true;
  bool guest = false;
  bool on_premises = false;  // synchronized from a local Active Directory

  std::optional<absl::string_view> Text(UserText which) const {
    return texts.Unpack()[static_cast<size_t>(which)];
  }
};

enum class GroupType : uint8_t { kSecurity, kMailSecurity, kMicrosoft365 };

struct Group {
  Guid id;
  std::string display_name;
  std::string description;  // empty: null
  std::string mail_nickname;
  GroupType type = GroupType::kSecurity;
  bool hidden_membership = false;
  Life life = Life::kLive;
  uint32_t created_seconds = 0;
  uint32_t deleted_seconds = 0;

  // Direct members. A removed one leaves a hole, so that a position in a
  // listing stays valid whatever changes meanwhile.
  std::vector<ObjectRef> members;
  // Where each member is in `members`; made when a group first changes.
  std::optional<absl::flat_hash_map<ObjectRef, uint32_t>> slots;
};

// A device, contact or service principal.
struct OtherObject {
  Guid id;
  std::string display_name;
};

}  // namespace rollcall::entra

#endif  // ROLLCALL_TESTS_FAKES_ENTRA_OBJECTS_H_
