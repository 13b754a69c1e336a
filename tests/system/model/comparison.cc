#include "tests/system/model/comparison.h"

#include <algorithm>
#include <map>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"

namespace rollcall::model {
namespace {

std::string TextOf(const Event& event) {
  return absl::StrCat(event.kind, " [", absl::StrJoin(event.rules, " "), "] ",
                      event.line);
}

bool Agree(const Event& model, const Event& service) {
  if (model.kind != service.kind || model.line != service.line) return false;
  // What people do has no rule that the service has to name.
  return model.rules.empty() || model.rules.count(*service.rules.begin()) > 0;
}

std::map<std::pair<bool, int>, std::vector<Event>> BySubject(
    const std::vector<Event>& events) {
  std::map<std::pair<bool, int>, std::vector<Event>> subjects;
  for (const Event& event : events) {
    subjects[{event.of_group, event.number}].push_back(event);
  }
  return subjects;
}

std::vector<std::string> CounterLines(const RunResult& run) {
  std::vector<std::string> lines;
  for (const auto& [counter, value] : run.counters) {
    if (value != 0) lines.push_back(absl::StrCat(counter, "=", value));
  }
  return lines;
}

// A run that has begun twice has met what it did itself the first time, too.
std::string CompareMet(const RunResult& model, const RunResult& service,
                       bool begun_twice) {
  std::vector<std::string> expected, told;
  const auto add = [&](const RunResult& run, std::vector<std::string>* lines) {
    for (const auto& [what, holder] : run.met) {
      if (begun_twice && model.met.count(what) == 0) continue;
      lines->push_back(begun_twice ? what : absl::StrCat(what, " of ", holder));
    }
  };
  add(model, &expected);
  add(service, &told);
  return CompareLines(expected, told);
}

}  // namespace

std::string CompareLines(const std::vector<std::string>& model,
                         const std::vector<std::string>& service) {
  std::vector<std::string> only_model, only_service;
  std::set_difference(model.begin(), model.end(), service.begin(),
                      service.end(), std::back_inserter(only_model));
  std::set_difference(service.begin(), service.end(), model.begin(),
                      model.end(), std::back_inserter(only_service));
  if (only_model.empty() && only_service.empty()) return "";
  return absl::StrCat("model:\n  ", absl::StrJoin(only_model, "\n  "),
                      "\nservice:\n  ", absl::StrJoin(only_service, "\n  "));
}

std::string CompareEvents(const std::vector<Event>& model,
                          const std::vector<Event>& service) {
  auto expected = BySubject(model);
  auto told = BySubject(service);
  for (const auto& entry : told) expected[entry.first];
  for (const auto& [subject, events] : expected) {
    const std::vector<Event>& theirs = told[subject];
    for (size_t i = 0; i < std::max(events.size(), theirs.size()); ++i) {
      const bool both = i < events.size() && i < theirs.size();
      if (both && Agree(events[i], theirs[i])) continue;
      return absl::StrCat(
          "event ", i, " of ", subject.first ? "group " : "user ",
          subject.second, "\nmodel:\n  ",
          i < events.size() ? TextOf(events[i]) : "(none)", "\nservice:\n  ",
          i < theirs.size() ? TextOf(theirs[i]) : "(none)");
    }
  }
  return "";
}

std::string CompareRuns(const RunResult& model, const RunResult& service,
                        bool begun_twice) {
  if (model.kind != service.kind || model.state != service.state ||
      model.problems != service.problems) {
    return absl::StrCat("model: ", model.kind, " ", model.state, " ",
                        absl::StrJoin(model.problems, " "),
                        "\nservice: ", service.kind, " ", service.state, " ",
                        absl::StrJoin(service.problems, " "));
  }
  const std::string counters =
      CompareLines(CounterLines(model), CounterLines(service));
  if (!counters.empty()) return "counters\n" + counters;
  const std::string met = CompareMet(model, service, begun_twice);
  return met.empty() ? "" : "met\n" + met;
}

}  // namespace rollcall::model
