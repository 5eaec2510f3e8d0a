#define DOCTEST_CONFIG_IMPLEMENT_WITH_MAIN
#include "algo/tracker_config.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <cstdio>
#include <fstream>
#include <stdexcept>

using namespace fluvial;

namespace {

TrackerConfig parse(const std::string& text) { return parse_tracker_config(text, "tracker.yml"); }

// What the reader says to this text; empty when it takes it.
std::string complaint(const std::string& text) {
  try {
    parse(text);
    return "";
  } catch (const std::invalid_argument& e) {
    return e.what();
  }
}

bool is_ignored(const TrackerConfig& config, const std::string& what) {
  return std::find(config.ignored.begin(), config.ignored.end(), what) != config.ignored.end();
}

}  // namespace

TEST_CASE("an NVIDIA-shaped file is read, its first line and all") {
  const auto config = parse(
      "%YAML:1.0\n"
      "################\n"
      "BaseConfig:\n  minDetectorConfidence: 0.13   # ignored below\n\n"
      "TargetManagement:\n  maxTargetsPerStream: 150\n  minIouDiff4NewTarget: 0.5\n  minTrackerConfidence: 0.8\n"
      "  probationAge: 5\n  maxShadowTrackingAge: 26\n  earlyTerminationAge: 2\n"
      "TrajectoryManagement:\n  useUniqueID: 1\n  enableReAssoc: 1\n"
      "DataAssociator:\n  associationMatcherType: 1\n  checkClassMatch: 0\n  minMatchingScore4Iou: 0.2\n"
      "  tentativeDetectorConfidence: 0.25\n  minMatchingScore4TentativeIou: 0.3\n"
      "StateEstimator:\n  stateEstimatorType: 2\n  noiseWeightVar4Loc: 0.03\n"
      "VisualTracker:\n  visualTrackerType: 1\n");
  const auto& s = config.settings;
  CHECK(s.min_confidence == 0.13F);
  CHECK(s.max_targets == 150);
  CHECK(s.max_iou_new == 0.5F);
  CHECK(s.probation_frames == 5);
  CHECK(s.probation_evidence == 0);
  CHECK(s.lost_frames == 26);
  CHECK(s.early_termination_frames == 2);
  CHECK(s.has_unique_ids);
  CHECK_FALSE(s.needs_same_class);
  CHECK(s.min_iou == 0.2F);
  CHECK(s.high_confidence == 0.25F);
  CHECK(s.min_iou_low == 0.3F);
  CHECK(config.ignored ==
        std::vector<std::string>{"TargetManagement.minTrackerConfidence", "TrajectoryManagement.enableReAssoc",
                                 "DataAssociator.associationMatcherType", "StateEstimator.stateEstimatorType",
                                 "StateEstimator.noiseWeightVar4Loc", "VisualTracker"});
}

TEST_CASE("what a file does not name keeps its default") {
  for (const char* text : {"", "%YAML:1.0", "%YAML:1.0\n---\n", "# nothing\n", "TargetManagement:\n"}) {
    const auto config = parse(text);
    for (const auto& field : tracker_fields()) CHECK(field.get(config.settings) == field.get(TrackerSettings{}));
    CHECK(config.ignored.empty());
  }
}

TEST_CASE("our own section takes every setting by its name, and wins wherever it stands") {
  std::string text = "Fluvial:\n";
  for (const auto& field : tracker_fields()) text += std::string("  ") + field.name + ": 1\n";
  const auto config = parse(text + "TargetManagement:\n  maxTargetsPerStream: 150\n  probationAge: 7\n");
  for (const auto& field : tracker_fields()) CHECK(field.get(config.settings) == 1);
}

TEST_CASE("the overall score counts where IoU alone makes it, and is ignored elsewhere") {
  const auto only_iou = parse("DataAssociator:\n  minMatchingScore4Overall: 0.25\n  matchingScoreWeight4Iou: 0.5\n");
  CHECK(only_iou.settings.min_iou == 0.5F);
  CHECK(only_iou.ignored == std::vector<std::string>{"DataAssociator.matchingScoreWeight4Iou"});

  const auto mixed = parse(
      "DataAssociator:\n  minMatchingScore4Overall: 0.43\n  minMatchingScore4Iou: 0.05\n"
      "  matchingScoreWeight4Iou: 0.4\n  matchingScoreWeight4VisualSimilarity: 0.6\n");
  CHECK(mixed.settings.min_iou == 0.05F);
  CHECK(is_ignored(mixed, "DataAssociator.minMatchingScore4Overall"));
}

TEST_CASE("booleans may be written as numbers or as words") {
  CHECK_FALSE(parse("DataAssociator: {checkClassMatch: false}").settings.needs_same_class);
  CHECK_FALSE(parse("DataAssociator: {checkClassMatch: 0}").settings.needs_same_class);
  CHECK(parse("TrajectoryManagement: {useUniqueID: true}").settings.has_unique_ids);
}

TEST_CASE("a value out of range is named with line, key, value and range") {
  CHECK(complaint("%YAML:1.0\nBaseConfig:\n  minDetectorConfidence: 1.5\n") ==
        "tracker.yml:3: BaseConfig.minDetectorConfidence is '1.5', allowed is 0 to 1");
  CHECK(complaint("TargetManagement:\n  probationAge: 2.5\n") ==
        "tracker.yml:2: TargetManagement.probationAge is '2.5', allowed is a whole number from 0 to 10000");
  CHECK(complaint("TargetManagement:\n  probationAge: often\n") ==
        "tracker.yml:2: TargetManagement.probationAge is 'often', allowed is a whole number from 0 to 10000");
  CHECK(complaint("TargetManagement:\n  probationAge:\n") ==
        "tracker.yml:2: TargetManagement.probationAge is empty, allowed is a whole number from 0 to 10000");
  CHECK(complaint("TargetManagement:\n  probationAge: [1, 2]\n") ==
        "tracker.yml:2: TargetManagement.probationAge is no single value, allowed is a whole number from 0 to 10000");
  CHECK(complaint("BaseConfig: {minDetectorConfidence: .nan}") ==
        "tracker.yml:1: BaseConfig.minDetectorConfidence is '.nan', allowed is 0 to 1");
}

TEST_CASE("a misspelt name is an error that offers the right one") {
  CHECK(complaint("TargetManagement:\n  probabtionAge: 3\n") ==
        "tracker.yml:2: TargetManagement.probabtionAge is unknown; did you mean probationAge?");
  CHECK(complaint("TargetManagment:\n  probationAge: 3\n") ==
        "tracker.yml:1: section TargetManagment is unknown; did you mean TargetManagement?");
  CHECK(complaint("Fluvial:\n  lost_frame: 3\n") ==
        "tracker.yml:2: Fluvial.lost_frame is unknown; did you mean lost_frames?");
}

TEST_CASE("a name that resembles none is ignored in NVIDIA's sections and an error in ours") {
  const auto config = parse("TargetManagement:\n  somethingNewInVersion12: 3\nBrandNewSection:\n  x: 1\n");
  CHECK(config.ignored == std::vector<std::string>{"TargetManagement.somethingNewInVersion12", "BrandNewSection"});
  CHECK(complaint("Fluvial:\n  zzz: 3\n").find("tracker.yml:2: Fluvial.zzz is unknown, allowed are min_confidence, ") ==
        0);
}

TEST_CASE("all problems are told at once") {
  const auto text = complaint("BaseConfig:\n  minDetectorConfidence: 7\nTargetManagement:\n  probatonAge: 1\n");
  CHECK(text ==
        "tracker.yml:2: BaseConfig.minDetectorConfidence is '7', allowed is 0 to 1\n"
        "tracker.yml:4: TargetManagement.probatonAge is unknown; did you mean probationAge?");
}

TEST_CASE("what is not such a file is refused in words") {
  CHECK(complaint("BaseConfig: [unclosed\n").find("tracker.yml:") == 0);
  CHECK(complaint("BaseConfig: [unclosed\n").find("not YAML") != std::string::npos);
  CHECK(complaint("- a\n- list\n") == "tracker.yml: expected sections such as TargetManagement, each with keys");
  CHECK(complaint("BaseConfig: 5\n") == "tracker.yml:1: section BaseConfig has no keys, expected \"key: value\" lines");
  CHECK(complaint("Fluvial: 5\n").find("section Fluvial has no keys") != std::string::npos);
  CHECK(complaint("? [a, b]\n: 5\n").find("tracker.yml:1: not YAML") == 0);
}

TEST_CASE("a file is read by its path, and a missing one is named") {
  const std::string path = "tracker_config_test.tmp.yml";
  std::ofstream(path) << "%YAML:1.0\r\nTargetManagement:\r\n  maxShadowTrackingAge: 12\r\n";
  CHECK(read_tracker_config(path).settings.lost_frames == 12);
  std::ofstream(path, std::ios::trunc).close();
  CHECK(read_tracker_config(path).settings.lost_frames == TrackerSettings{}.lost_frames);
  std::remove(path.c_str());
  CHECK_THROWS_WITH_AS(read_tracker_config("no/such.yml"),
                       "no/such.yml: cannot be read, expected a low-level tracker's YAML file", std::invalid_argument);
  CHECK_THROWS_AS(read_tracker_config("."), std::invalid_argument);
}
