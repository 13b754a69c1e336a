#include "common/crypto/secret.h"

#include <new>
#include <ostream>
#include <string>
#include <type_traits>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/log/log.h"
#include "gtest/gtest.h"

namespace rollcall {
namespace {

// Secrets have no way into a text but Reveal().
template <typename T, typename = void>
struct IsStreamable : std::false_type {};
template <typename T>
struct IsStreamable<T, std::void_t<decltype(std::declval<std::ostream&>()
                                            << std::declval<const T&>())>>
    : std::true_type {};

static_assert(IsStreamable<std::string>::value);
static_assert(!IsStreamable<Secret>::value);
static_assert(!std::is_convertible_v<Secret, std::string>);
static_assert(!std::is_convertible_v<Secret, absl::string_view>);
static_assert(!std::is_convertible_v<Secret, bool>);
static_assert(!std::is_constructible_v<absl::AlphaNum, const Secret&>);
static_assert(!std::is_constructible_v<LogField, const char*, const Secret&>);
static_assert(!std::is_convertible_v<std::string, Secret>);

TEST(Secret, TellsItsTextOnlyWhenAsked) {
  EXPECT_EQ(Secret("hunter2").Reveal(), "hunter2");
  EXPECT_TRUE(Secret().empty());
}

TEST(Secret, ComparesByContent) {
  EXPECT_EQ(Secret("a"), Secret("a"));
  EXPECT_NE(Secret("a"), Secret("b"));
  EXPECT_NE(Secret("a"), Secret("ab"));
  EXPECT_EQ(Secret(), Secret(""));
}

// Both lengths: short texts live inside of the object, long ones on the heap.
class SecretMove : public ::testing::TestWithParam<std::string> {};
INSTANTIATE_TEST_SUITE_P(Lengths, SecretMove,
                         ::testing::Values("short", std::string(100, 'x')));

TEST_P(SecretMove, LeavesNothingBehind) {
  Secret source{std::string(GetParam())};
  const Secret target = std::move(source);
  EXPECT_EQ(target.Reveal(), GetParam());
  EXPECT_TRUE(source.empty());

  Secret other("before");
  Secret again{std::string(GetParam())};
  other = std::move(again);
  EXPECT_EQ(other.Reveal(), GetParam());
  EXPECT_TRUE(again.empty());
}

TEST_P(SecretMove, CopiesAreOfTheirOwn) {
  Secret source{std::string(GetParam())};
  Secret copy = source;
  Secret assigned("before");
  assigned = source;
  source = Secret("after");
  EXPECT_EQ(copy.Reveal(), GetParam());
  EXPECT_EQ(assigned.Reveal(), GetParam());
  Secret& self = copy;
  copy = self;
  EXPECT_EQ(copy.Reveal(), GetParam());
}

TEST(Secret, AssigningAShorterTextWipesTheLongerOne) {
  Secret secret("0123456789");
  const char* const bytes = secret.Reveal().data();
  secret = Secret("ab");
  // The text is short enough to live inside of `secret`, which still lives.
  ASSERT_EQ(secret.Reveal().data(), bytes);
  EXPECT_EQ(std::string(bytes + 3, 7), std::string(7, '\0'));
}

TEST(Secret, IsWipedWhenItIsDestroyed) {
  alignas(Secret) char memory[sizeof(Secret)];
  Secret* const secret = new (memory) Secret("hunter2");
  ASSERT_NE(std::string(memory, sizeof memory).find("hunter2"),
            std::string::npos);
  secret->~Secret();
  // Read as the bytes of an array, which outlives the object in it.
  const volatile char* const bytes = memory;
  std::string rest;
  for (size_t i = 0; i < sizeof memory; ++i) rest += bytes[i];
  EXPECT_EQ(rest.find("hunter2"), std::string::npos);
}

}  // namespace
}  // namespace rollcall
