// Proves that what is counted is what Prometheus is told.
#include "common/metrics/metrics.h"

#include <curl/curl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <thread>

#include "absl/strings/str_cat.h"
#include "common/status/errors.h"

namespace rollcall {
namespace {

using testing::HasSubstr;

std::string Get(const std::string& url) {
  std::string body;
  CURL* curl = curl_easy_init();
  curl_easy_setopt(curl, CURLOPT_URL, url.c_str());
  curl_easy_setopt(curl, CURLOPT_PROXY, "");
  curl_easy_setopt(curl, CURLOPT_WRITEDATA, &body);
  curl_easy_setopt(
      curl, CURLOPT_WRITEFUNCTION,
      +[](char* data, size_t size, size_t count, std::string* text) {
        text->append(data, size * count);
        return size * count;
      });
  EXPECT_EQ(curl_easy_perform(curl), CURLE_OK) << url;
  curl_easy_cleanup(curl);
  return body;
}

TEST(Metrics, TheSameNameAndLabelsAreTheSameMetric) {
  auto& a = Counter("rollcall_test_same_total", "Help.", {{"kind", "a"}});
  auto& again = Counter("rollcall_test_same_total", "Help.", {{"kind", "a"}});
  auto& b = Counter("rollcall_test_same_total", "Help.", {{"kind", "b"}});
  EXPECT_EQ(&a, &again);
  EXPECT_NE(&a, &b);
}

TEST(Metrics, CountFromManyThreads) {
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([] {
      for (int i = 0; i < 1000; ++i) {
        Counter("rollcall_test_threads_total", "Help.").Increment();
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(Counter("rollcall_test_threads_total", "Help.").Value(), 4000);
}

TEST(Metrics, TextTellsEveryKind) {
  Counter("rollcall_test_purged_total", "Users.", {{"a", "b"}}).Increment(3);
  Gauge("rollcall_test_free_bytes", "Room.").Set(7);
  Histogram("rollcall_test_seconds", "Time.", {1, 2}).Observe(1.5);

  const std::string text = MetricsText();
  EXPECT_THAT(text, HasSubstr("# HELP rollcall_test_purged_total Users.\n"));
  EXPECT_THAT(text, HasSubstr("rollcall_test_purged_total{a=\"b\"} 3\n"));
  EXPECT_THAT(text, HasSubstr("rollcall_test_free_bytes 7\n"));
  EXPECT_THAT(text, HasSubstr("rollcall_test_seconds_bucket{le=\"2\"} 1\n"));
}

TEST(MetricsServer, ServesTheText) {
  Counter("rollcall_test_served_total", "Help.").Increment(5);
  const auto server = MetricsServer::Start("127.0.0.1:0");
  ASSERT_TRUE(server.ok()) << server.status();
  EXPECT_THAT(
      Get(absl::StrCat("http://127.0.0.1:", (*server)->port(), "/metrics")),
      HasSubstr("rollcall_test_served_total 5\n"));
}

TEST(MetricsServer, SaysWhenTheAddressIsTaken) {
  const auto first = MetricsServer::Start("127.0.0.1:0");
  ASSERT_TRUE(first.ok()) << first.status();
  const auto second =
      MetricsServer::Start(absl::StrCat("127.0.0.1:", (*first)->port()));
  EXPECT_EQ(second.status().code(), absl::StatusCode::kUnavailable);
  EXPECT_EQ(ReasonOf(second.status()), "METRICS_ADDRESS_UNAVAILABLE");
}

}  // namespace
}  // namespace rollcall
