// Makes the links that users enroll by.
//
// A link's token can be made again at any time, for a reminder too (R85), and
// is never stored: it is an HMAC of what it stands for. The store keeps its
// hash only (R93, reliability.md C3).
#ifndef ROLLCALL_SERVICES_ENROLLMENT_LINK_H_
#define ROLLCALL_SERVICES_ENROLLMENT_LINK_H_

#include <string>

#include "absl/strings/string_view.h"
#include "common/crypto/sealer.h"
#include "common/crypto/secret.h"
#include "common/identity/resource_name.h"

namespace rollcall::enrollment {

// Immutable, thread-safe.
class LinkMaker {
 public:
  // `base` is the page's address: `https://enroll.example.com/enroll`. `domain`
  // ends every Message-ID.
  LinkMaker(const Sealer& sealer, std::string base, std::string domain);

  // `{account}.{43 characters}`: the account says where to look the hash up.
  Secret Token(const UserName& user, int cycle) const;

  // `{base}#{token}`. The token is in the fragment, which browsers send to
  // nobody.
  std::string Link(const Secret& token) const;

  // Names a mail to the world without naming the user; without angle brackets.
  std::string MessageId(const AccountName& account,
                        absl::string_view mail_key) const;

 private:
  Secret token_key_;
  Secret message_id_key_;
  std::string base_;
  std::string domain_;
};

// What the store keeps of a token.
std::string HashOf(const Secret& token);

}  // namespace rollcall::enrollment

#endif  // ROLLCALL_SERVICES_ENROLLMENT_LINK_H_
