#include "tests/fakes/entra/person.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "tests/fakes/entra/names.h"

namespace rollcall::entra {
namespace {

constexpr uint64_t kUserIds = 1;               // stream of Guid::FromSeed
constexpr uint32_t kFirstDay = 1'420'070'400;  // 2015-01-01
constexpr uint32_t kDays = 3'650;
constexpr uint32_t kSecondsPerDay = 86'400;

template <typename T>
const T& Pick(absl::Span<const T> from, Prng& prng) {
  return from[prng.Below(from.size())];
}

// Half of the names are English, a fifth from the rest of Europe.
const Culture& PickCulture(Prng& prng) {
  const uint64_t roll = prng.Below(100);
  if (roll < 50) return Cultures()[0];
  if (roll < 70) return Cultures()[1];
  return Pick(Cultures(), prng);
}

// Digits that a phone number ends with.
std::string Digits(int count, Prng& prng) {
  std::string digits;
  for (int i = 0; i < count; ++i) {
    digits.push_back(static_cast<char>('0' + prng.Below(10)));
  }
  return digits;
}

struct Phones {
  std::optional<std::string> mobile;
  std::optional<std::string> office;
};

// The shapes of rules R38 to R42.
Phones MakePhones(Prng& prng) {
  switch (prng.Below(12)) {
    case 0:  // the model's own example: a national 0 after the country code
      return {.office = "+4401617150105"};
    case 1:
      return {.mobile = absl::StrCat("+447700900", Digits(3, prng)),
              .office = absl::StrCat("+440161715", Digits(4, prng))};
    case 2:  // national, the default region decides
      return {.mobile = absl::StrCat("07700 900", Digits(3, prng))};
    case 3:
      return {.office = absl::StrCat("0161 715 ", Digits(4, prng))};
    case 4: {  // the same number twice
      const std::string number = absl::StrCat("+1 425 555 01", Digits(2, prng));
      return {.mobile = number, .office = number};
    }
    case 5: {  // the same number twice, written differently
      const std::string end = Digits(2, prng);
      return {.mobile = absl::StrCat("+1 (425) 555-01", end),
              .office = absl::StrCat("+142555501", end)};
    }
    case 6:  // malformed
      return {.mobile = "ask reception"};
    case 7:
      return {.mobile = "+", .office = "+99 1"};
    case 8:
      return {.mobile = absl::StrCat("+49 151 2345", Digits(4, prng)),
              .office = "n/a"};
    case 9:  // with an extension
      return {.office = absl::StrCat("+1 425-555-0100 x", Digits(3, prng))};
    case 10:
      return {.mobile = absl::StrCat("+81-90-1234-", Digits(4, prng))};
    default:
      return {.mobile = absl::StrCat("+1425555", Digits(4, prng))};
  }
}

struct Names {
  std::string display;
  absl::string_view given;
  absl::string_view surname;
  std::string short_name;
  absl::string_view language;
};

Names MakeNames(int64_t ordinal, Prng& prng) {
  const Culture& culture = PickCulture(prng);
  const Name& given = Pick(culture.given, prng);
  const Name& surname = Pick(culture.surnames, prng);
  const auto& [first, second] = culture.surname_first
                                    ? std::pair(surname, given)
                                    : std::pair(given, surname);
  return {.display = absl::StrCat(first.native, culture.between, second.native),
          .given = given.native,
          .surname = surname.native,
          .short_name = absl::StrCat(given.ascii, ".", surname.ascii, ordinal),
          .language = culture.language};
}

}  // namespace

User MakePerson(const TenantOptions& options, const Domains& domains,
                int64_t ordinal, Prng& prng) {
  Names names = MakeNames(ordinal, prng);
  User user;
  user.id = Guid::FromSeed(options.seed, kUserIds, ordinal);
  user.created_seconds =
      kFirstDay + static_cast<uint32_t>(prng.Below(kDays * kSecondsPerDay));
  user.guest = prng.Chance(options.guests);
  user.enabled = !prng.Chance(options.disabled);
  user.on_premises = !user.guest && prng.Chance(options.on_premises);
  absl::string_view domain = prng.Chance(options.on_second_domain)
                                 ? domains.verified
                                 : domains.initial;

  // The first users come in pairs: twin0 of both domains, twin1 of both, ...
  if (ordinal < 2 * options.same_short_names) {
    names.short_name = absl::StrCat("twin", ordinal / 2);
    domain = ordinal % 2 == 0 ? domains.initial : domains.verified;
    user.guest = false;
  }

  std::string upn = absl::StrCat(names.short_name, "@", domain);
  std::string mail = upn;
  if (user.guest) {
    upn = absl::StrCat(names.short_name, "_partner.example#EXT#@",
                       domains.initial);
    mail = absl::StrCat(names.short_name, "@partner.example");
  }
  const Phones phones =
      prng.Chance(options.with_phones) ? MakePhones(prng) : Phones{};

  UserTexts texts;
  const auto set = [&texts](UserText which, absl::string_view text) {
    texts[static_cast<size_t>(which)] = text;
  };
  set(UserText::kUserPrincipalName, upn);
  set(UserText::kDisplayName, names.display);
  set(UserText::kGivenName, names.given);
  set(UserText::kSurname, names.surname);
  if (!prng.Chance(options.without_mail)) set(UserText::kMail, mail);
  if (phones.mobile) set(UserText::kMobilePhone, *phones.mobile);
  if (phones.office) set(UserText::kBusinessPhone, *phones.office);
  if (prng.Chance(0.8)) set(UserText::kJobTitle, Pick(JobTitles(), prng));
  if (prng.Chance(0.6)) {
    set(UserText::kOfficeLocation, Pick(OfficeLocations(), prng));
  }
  if (prng.Chance(0.3)) set(UserText::kPreferredLanguage, names.language);
  user.texts = PackedTexts(texts);
  return user;
}

}  // namespace rollcall::entra
