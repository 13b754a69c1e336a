#include "common/rpc/tls.h"

#include <fstream>
#include <functional>
#include <string>

#include "absl/strings/str_cat.h"
#include "common/testing/certificates.h"
#include "common/testing/status_matchers.h"
#include "gtest/gtest.h"

namespace rollcall::rpc {
namespace {

using ::rollcall::testing::CertificateSpec;
using ::rollcall::testing::StatusIs;
using ::rollcall::testing::TestAuthority;

constexpr char kTrash[] = "spiffe://test.rollcall/service/trash";

TEST(TlsFiles, TellTheirSpiffeId) {
  TestAuthority authority;
  EXPECT_EQ(*CheckTlsFiles(authority.ForService("trash")), kTrash);
  EXPECT_EQ(*CheckTlsFiles(authority.ForPerson("acme", "USER_MANAGER", "ada")),
            "spiffe://test.rollcall/account/acme/role/user-manager/ada");
}

struct Broken {
  const char* name;
  std::function<TlsFiles(TestAuthority&)> files;
};

class TlsFilesAreInvalid : public ::testing::TestWithParam<Broken> {};

TEST_P(TlsFilesAreInvalid, With) {
  TestAuthority authority;
  const absl::Status status =
      CheckTlsFiles(GetParam().files(authority)).status();
  EXPECT_THAT(status, StatusIs(absl::StatusCode::kFailedPrecondition,
                               "TLS_FILES_INVALID"));
}

TlsFiles WithText(TestAuthority& authority, const std::string& text) {
  TlsFiles files = authority.ForService("trash");
  files.certificate_file = absl::StrCat(authority.directory(), "/text.pem");
  std::ofstream(files.certificate_file) << text;
  return files;
}

INSTANTIATE_TEST_SUITE_P(
    Table, TlsFilesAreInvalid,
    ::testing::Values(
        Broken{"a_key_without_its_certificate",
               [](TestAuthority& authority) {
                 TlsFiles files = authority.ForService("trash");
                 files.key_file = authority.ForService("directory").key_file;
                 return files;
               }},
        Broken{"an_expired_certificate",
               [](TestAuthority& authority) {
                 return authority.Issue(
                     "old",
                     {.uris = {kTrash}, .valid_until = -absl::Minutes(1)});
               }},
        Broken{"a_certificate_of_tomorrow",
               [](TestAuthority& authority) {
                 return authority.Issue(
                     "early", {.uris = {kTrash}, .valid_from = absl::Hours(1)});
               }},
        Broken{"two_uris",
               [](TestAuthority& authority) {
                 return authority.Issue(
                     "two",
                     {.uris = {kTrash, "spiffe://test.rollcall/service/x"}});
               }},
        Broken{"no_uri",
               [](TestAuthority& authority) {
                 return authority.Issue("none", {.uris = {}});
               }},
        Broken{"a_uri_that_is_no_spiffe_id",
               [](TestAuthority& authority) {
                 return authority.Issue("web",
                                        {.uris = {"https://test.rollcall/"}});
               }},
        Broken{"a_missing_key",
               [](TestAuthority& authority) {
                 TlsFiles files = authority.ForService("trash");
                 files.key_file = "/nowhere";
                 return files;
               }},
        Broken{"a_missing_authority",
               [](TestAuthority& authority) {
                 TlsFiles files = authority.ForService("trash");
                 files.ca_file = "/nowhere";
                 return files;
               }},
        Broken{"a_certificate_that_is_none",
               [](TestAuthority& authority) {
                 return WithText(authority, "no certificate");
               }},
        Broken{
            "an_empty_certificate",
            [](TestAuthority& authority) { return WithText(authority, ""); }},
        Broken{"a_certificate_where_the_key_should_be",
               [](TestAuthority& authority) {
                 TlsFiles files = authority.ForService("trash");
                 files.key_file = files.certificate_file;
                 return files;
               }}),
    [](const auto& instance) { return std::string(instance.param.name); });

TEST(TlsFiles, AreInvalidUnderAnotherAuthority) {
  TestAuthority ours;
  TestAuthority theirs;
  TlsFiles files = ours.ForService("trash");
  files.ca_file = theirs.ca_file();
  EXPECT_THAT(
      CheckTlsFiles(files),
      StatusIs(absl::StatusCode::kFailedPrecondition, "TLS_FILES_INVALID"));
}

TEST(TlsFiles, SayWhichFileIsWrong) {
  TestAuthority authority;
  TlsFiles files = authority.ForService("trash");
  files.key_file = "/nowhere/trash.key";
  EXPECT_EQ(CheckTlsFiles(files).status().message(),
            "/nowhere/trash.key cannot be read.");
}

}  // namespace
}  // namespace rollcall::rpc
