#include "tests/fakes/entra/filter.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "tests/fakes/entra/graph_error.h"
#include "tests/fakes/entra/search_option.h"

namespace rollcall::entra {
namespace {

// A guest named O'Brien, enabled, with a mail address and two others.
FilterValue ReadObrien(int property) {
  switch (static_cast<UserProperty>(property)) {
    case UserProperty::kDisplayName:
      return std::string("Kate O'Brien");
    case UserProperty::kMail:
      return std::string("kate@partner.example");
    case UserProperty::kAccountEnabled:
      return true;
    case UserProperty::kUserType:
      return std::string("Guest");
    case UserProperty::kProxyAddresses:
      return std::vector<std::string>{"SMTP:kate@partner.example", "smtp:k@x"};
    default:
      return FilterValue();
  }
}

TEST(Filter, Matches) {
  struct Case {
    const char* filter;
    bool advanced;
    bool matches;
  };
  const Case kCases[] = {
      {"displayName eq 'Kate O''Brien'", false, true},
      {"displayname EQ 'kate o''brien'", false, true},
      {"displayName eq 'Kate'", false, false},
      {"startswith(displayName,'kate')", false, true},
      {"startsWith( displayName , 'Kate O''' )", false, true},
      {"startswith(displayName,'Brien')", false, false},
      {"accountEnabled eq true", false, true},
      {"accountEnabled eq false", false, false},
      {"surname eq null", false, true},
      {"mail eq null", false, false},
      {"userType in ('Member','Guest')", false, true},
      {"userType in ('Member')", false, false},
      {"userType eq 'Member' or mail eq 'KATE@partner.example'", false, true},
      {"userType eq 'Member' and accountEnabled eq true", false, false},
      {"(userType eq 'Guest' or surname eq 'x') and accountEnabled eq true",
       false, true},
      {"userType eq 'x' or userType eq 'Guest' and accountEnabled eq false",
       false, false},
      {"proxyAddresses/any(p:startswith(p,'smtp:k@'))", false, true},
      {"proxyAddresses/any(a:a eq 'smtp:k@x')", false, true},
      {"proxyAddresses/any(a:a eq 'smtp:k')", false, false},
      {"surname ge 'a'", false, false},
      {"mail ge 'kate' and mail le 'katf'", false, true},
      {"otherMails/any(m:m in ('a','b'))", false, false},
      {"userType ne 'Member'", true, true},
      {"businessPhones/any(p:startswith(p,'1'))", true, false},
      {"proxyAddresses/any(p:endswith(p,'@X'))", true, true},
      {"not startswith(displayName,'Kate')", true, false},
      {"endsWith(mail,'.EXAMPLE')", true, true},
      {"endsWith(mail,'.org')", true, false},
  };
  for (const Case& c : kCases) {
    const auto filter = ParseFilter(c.filter, UserProperties(), c.advanced);
    ASSERT_TRUE(filter.ok()) << c.filter << ": " << filter.status();
    EXPECT_EQ(filter->Matches(ReadObrien), c.matches) << c.filter;
  }
}

TEST(Filter, RefusesWhatGraphRefuses) {
  struct Case {
    const char* filter;
    const char* code;
    const char* message;
  };
  const Case kCases[] = {
      {"displayName eq", "BadRequest", "Syntax error at position 14"},
      {"displayName 'x'", "BadRequest", "Syntax error"},
      {"displayName eq 'x", "BadRequest", "Syntax error"},
      {"displayName eq 'x' nonsense", "BadRequest", "Syntax error"},
      {"startswith(displayName 'x')", "BadRequest", "Syntax error"},
      {"(displayName eq 'x'", "BadRequest", "Syntax error"},
      {"", "BadRequest", "Syntax error at position 0 in ''"},
      {"shoeSize eq '42'", "BadRequest", "property named 'shoeSize'"},
      {"endswith(mail,'x')", "Request_UnsupportedQuery", "Unsupported Query."},
      {"userType ne 'Guest'", "Request_UnsupportedQuery", "Unsupported Query."},
      {"mobilePhone eq '1'", "Request_UnsupportedQuery", "Unsupported Query."},
      {"deletedDateTime eq null", "Request_UnsupportedQuery", "not indexed"},
      {"not displayName eq 'x'", "Request_UnsupportedQuery", "Unsupported"},
      {"id ge 'a'", "Request_UnsupportedQuery", "clause specified for"},
      {"startswith(id,'a')", "Request_UnsupportedQuery", "clause specified"},
      {"userType le 'a'", "Request_UnsupportedQuery", "clause specified for"},
      {"surname gt 'a'", "Request_UnsupportedQuery", "clause specified for"},
      {"endswith(surname,'a')", "Request_UnsupportedQuery", "clause specified"},
      {"proxyAddresses/any(p:p in ('a','b'))", "Request_UnsupportedQuery",
       "clause specified for property 'proxyAddresses'"},
      {"otherMails eq 'a'", "Request_UnsupportedQuery", "clause specified for"},
      {"mail/any(m:m eq 'a')", "BadRequest", "Syntax error"},
  };
  for (const Case& c : kCases) {
    const auto filter = ParseFilter(c.filter, UserProperties(), false);
    ASSERT_FALSE(filter.ok()) << c.filter;
    const GraphErrorFacts facts = Explain(filter.status());
    EXPECT_EQ(facts.code, c.code) << c.filter;
    EXPECT_NE(facts.message.find(c.message), std::string::npos)
        << c.filter << ": " << facts.message;
  }
}

std::string Alternatives(int count) {
  std::vector<std::string> clauses;
  for (int i = 0; i < count; ++i) {
    clauses.push_back(absl::StrCat("displayName eq '", i, "'"));
  }
  return absl::StrJoin(clauses, " or ");
}

TEST(Filter, AllowsFifteenAlternatives) {
  EXPECT_TRUE(ParseFilter(Alternatives(15), UserProperties(), false).ok());
  const auto sixteen = ParseFilter(Alternatives(16), UserProperties(), false);
  EXPECT_EQ(Explain(sixteen.status()).message,
            "Too many child clauses specified in search filter expression "
            "containing 'OR' operators: 16. Max allowed: 15.");
}

TEST(Filter, ParenthesesAndInHideNoAlternatives) {
  const std::string ten = Alternatives(10);
  const std::string in = "id in ('1','2','3','4','5','6')";
  for (const std::string& filter : {absl::StrCat("(", ten, ") or (", ten, ")"),
                                    absl::StrCat(ten, " or ", in)}) {
    const auto refused = ParseFilter(filter, UserProperties(), false);
    EXPECT_NE(Explain(refused.status()).message.find("Max allowed: 15."),
              std::string::npos)
        << filter;
  }
  EXPECT_TRUE(ParseFilter(absl::StrCat("(", ten, ") and (", ten, ")"),
                          UserProperties(), false)
                  .ok());
}

TEST(Filter, EndsOnDeepNesting) {
  const std::string filter(10'000, '(');
  EXPECT_FALSE(ParseFilter(filter, UserProperties(), false).ok());
}

TEST(SearchOption, MatchesWords) {
  struct Case {
    const char* search;
    bool matches;
  };
  const Case kCases[] = {
      {"\"displayName:kate\"", true},
      {"\"displayName:brien kate\"", true},
      {"\"displayName:ate\"", false},
      {"\"displayName:kate x\"", false},
      {"\"mail:kate@\"", true},
      {"\"mail:partner\"", false},
      {"\"displayName:x\" OR \"mail:kate\"", true},
      {"\"displayName:kate\" AND \"mail:x\"", false},
  };
  for (const Case& c : kCases) {
    const auto search = SearchOption::Parse(c.search, UserProperties());
    ASSERT_TRUE(search.ok()) << c.search << ": " << search.status();
    EXPECT_EQ(search->Matches(ReadObrien), c.matches) << c.search;
  }
}

TEST(SearchOption, SplitsWordsLikeGraph) {
  EXPECT_EQ(SearchWords("OneTwo three-4you!"),
            (std::vector<std::string>{"one", "two", "three", "4", "you"}));
}

TEST(SearchOption, RefusesBadSyntax) {
  for (const char* search : {"displayName:kate", "\"displayName:kate",
                             "\"shoeSize:1\"", "\"mail:a\" \"mail:b\""}) {
    EXPECT_FALSE(SearchOption::Parse(search, UserProperties()).ok()) << search;
  }
}

}  // namespace
}  // namespace rollcall::entra
