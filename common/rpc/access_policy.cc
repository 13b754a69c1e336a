#include "common/rpc/access_policy.h"

#include <algorithm>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "common/status/errors.h"
#include "common/status/status_macros.h"

namespace rollcall::rpc {
namespace {

using ::google::protobuf::Descriptor;
using ::google::protobuf::DescriptorPool;
using ::google::protobuf::FieldDescriptor;
using ::google::protobuf::Message;
using ::google::protobuf::MethodDescriptor;
using ::google::protobuf::ServiceDescriptor;
using ::rollcall::auth::v1::Access;
using ::rollcall::auth::v1::Role_Name;

constexpr absl::string_view kEveryAccount = "*";

// Services of gRPC itself, which tell nothing about any account. Clients try
// reflection v1 first and fall back to v1alpha, which is what gRPC 1.51 has,
// only if they hear UNIMPLEMENTED.
constexpr absl::string_view kOpenServices[] = {
    "/grpc.health.v1.Health/",
    "/grpc.reflection.v1.ServerReflection/",
    "/grpc.reflection.v1alpha.ServerReflection/",
};

bool IsOpen(absl::string_view path) {
  return std::any_of(std::begin(kOpenServices), std::end(kOpenServices),
                     [path](absl::string_view service) {
                       return absl::StartsWith(path, service);
                     });
}

bool HasRole(const Access& access, const Caller& caller) {
  return std::any_of(
      access.any_role().begin(), access.any_role().end(), [&](int role) {
        return Role_Name(static_cast<rollcall::auth::v1::Role>(role)) ==
               caller.role;
      });
}

bool ListsService(const Access& access, const Caller& caller) {
  return std::find(access.services().begin(), access.services().end(),
                   caller.service) != access.services().end();
}

bool Allows(const Access& access, const Caller& caller) {
  if (!caller.service.empty()) return ListsService(access, caller);
  if (!HasRole(access, caller)) return false;
  return !access.account_field().empty() || caller.account == kEveryAccount;
}

std::string Describe(const Caller& caller) {
  return caller.service.empty() ? absl::StrCat("the role ", caller.role)
                                : absl::StrCat("the service ", caller.service);
}

absl::Status Undeclared(const std::string& what, absl::string_view why) {
  return FailedPrecondition("ACCESS_UNDECLARED", absl::StrCat(what, " ", why),
                            {{"element", what}});
}

// Whether `path` (`directory.name`) leads through messages to a text.
bool LeadsToText(const Descriptor* message, absl::string_view path) {
  const FieldDescriptor* field = nullptr;
  for (const absl::string_view part : absl::StrSplit(path, '.')) {
    if (message == nullptr) return false;
    field = message->FindFieldByName(std::string(part));
    if (field == nullptr || field->is_repeated()) return false;
    message = field->message_type();
  }
  return field->type() == FieldDescriptor::TYPE_STRING;
}

// The text that `path` leads to. The path was checked when the policy was made.
std::string TextAt(const Message& request, absl::string_view path) {
  const Message* message = &request;
  const std::vector<std::string> parts = absl::StrSplit(path, '.');
  for (size_t i = 0; i + 1 < parts.size(); ++i) {
    message = &message->GetReflection()->GetMessage(
        *message, message->GetDescriptor()->FindFieldByName(parts[i]));
  }
  return message->GetReflection()->GetString(
      *message, message->GetDescriptor()->FindFieldByName(parts.back()));
}

// Whether `name` is the account's own name or that of something in it.
bool IsInAccount(absl::string_view name, absl::string_view account) {
  const std::string own = absl::StrCat("accounts/", account);
  return name == own || absl::StartsWith(name, absl::StrCat(own, "/"));
}

}  // namespace

absl::StatusOr<AccessPolicy> AccessPolicy::ForServices(
    const std::vector<std::string>& services) {
  AccessPolicy policy;
  for (const std::string& name : services) {
    const ServiceDescriptor* service =
        DescriptorPool::generated_pool()->FindServiceByName(name);
    if (service == nullptr) {
      return Undeclared(name, "is not linked into this process.");
    }
    for (int i = 0; i < service->method_count(); ++i) {
      RETURN_IF_ERROR(policy.Add(*service->method(i)));
    }
  }
  return policy;
}

absl::Status AccessPolicy::Add(const MethodDescriptor& method) {
  if (!method.options().HasExtension(rollcall::auth::v1::access)) {
    return Undeclared(method.full_name(), "does not say who may call it.");
  }
  const Access& access =
      method.options().GetExtension(rollcall::auth::v1::access);
  if (!access.account_field().empty() &&
      !LeadsToText(method.input_type(), access.account_field())) {
    return Undeclared(
        method.full_name(),
        absl::StrCat("names the account field ", access.account_field(),
                     ", which its request does not have."));
  }

  const Rule rule{
      absl::StrCat(method.service()->full_name(), "/", method.name()), access};
  if (!by_request_.emplace(method.input_type(), rule).second) {
    return Undeclared(method.full_name(),
                      "shares its request type with another method.");
  }
  by_path_.emplace(absl::StrCat("/", rule.method), rule);
  return absl::OkStatus();
}

absl::Status AccessPolicy::CheckMethod(absl::string_view path,
                                       const Caller& caller) const {
  if (IsOpen(path)) return absl::OkStatus();
  const auto rule = by_path_.find(path);
  if (rule != by_path_.end() && Allows(rule->second.access, caller)) {
    return absl::OkStatus();
  }
  return PermissionDenied(
      "ROLE_NOT_ALLOWED",
      absl::StrCat(path, " is not allowed for ", Describe(caller), "."),
      {{"method", std::string(path)},
       {"role", caller.role},
       {"service", caller.service}});
}

absl::Status AccessPolicy::CheckRequest(const Message& request,
                                        const Caller& caller) const {
  const auto rule = by_request_.find(request.GetDescriptor());
  const bool known = rule != by_request_.end();
  if (known && (!caller.service.empty() || caller.account == kEveryAccount)) {
    return absl::OkStatus();
  }
  if (known && !rule->second.access.account_field().empty() &&
      IsInAccount(TextAt(request, rule->second.access.account_field()),
                  caller.account)) {
    return absl::OkStatus();
  }
  // The name that was asked for stays out: a refusal gives no hints (AIP-211).
  return PermissionDenied(
      "ACCOUNT_NOT_ALLOWED",
      absl::StrCat("The request is not about accounts/", caller.account,
                   ", the account of the caller."),
      {{"account", absl::StrCat("accounts/", caller.account)}});
}

absl::string_view AccessPolicy::MethodOf(const Message& request) const {
  const auto rule = by_request_.find(request.GetDescriptor());
  if (rule == by_request_.end()) return "";
  return rule->second.method;
}

}  // namespace rollcall::rpc
