#include "services/enrollment/link.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "common/crypto/digest.h"

namespace rollcall::enrollment {

LinkMaker::LinkMaker(const Sealer& sealer, std::string base, std::string domain)
    : token_key_(sealer.DeriveKey("enrollment-link")),
      message_id_key_(sealer.DeriveKey("enrollment-message-id")),
      base_(std::move(base)),
      domain_(std::move(domain)) {}

Secret LinkMaker::Token(const UserName& user, int cycle) const {
  // Names hold no blank, so no two pairs give the same text.
  const std::string what = absl::StrCat(user.ToString(), " ", cycle);
  return Secret(absl::StrCat(user.account().id(), ".",
                             Base64Url(HmacSha256(token_key_, what))));
}

std::string LinkMaker::Link(const Secret& token) const {
  return absl::StrCat(base_, "#", token.Reveal());
}

std::string LinkMaker::MessageId(const AccountName& account,
                                 absl::string_view mail_key) const {
  const std::string what = absl::StrCat(account.ToString(), " ", mail_key);
  return absl::StrCat(Base64Url(HmacSha256(message_id_key_, what)), "@",
                      domain_);
}

std::string HashOf(const Secret& token) { return Sha256(token.Reveal()); }

}  // namespace rollcall::enrollment
