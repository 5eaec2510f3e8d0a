#include "algo/tracker_config.h"

#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <optional>
#include <sstream>
#include <stdexcept>
#include <string>
#include <vector>

#include "algo/nearest_word.h"

namespace fluvial {
namespace {

// NVIDIA's files are tuned for its own trackers, which look at pixels. What means the same here is taken; what would do
// harm is not, and is told to the user as ignored:
// - minTrackerConfidence is a threshold on a correlation filter's answer; here confidence is the detector's.
// - The overall score is a sum of IoU, size and looks. It counts only where the file weighs nothing but IoU.
// - The noise of StateEstimator is in pixels of NVIDIA's scaled frame, or (noiseWeightVar4Loc) one number for drift and
//   observation both, which measured clearly worse than two. Ours stands in the section Fluvial.
// - Association is always optimal, and always in two stages, so associationMatcherType has nothing to choose.
struct Known {
  const char* section;
  const char* key;
  const char* field;  // of tracker_fields(), or nullptr: ignored
};

constexpr Known kKnown[] = {
    {"BaseConfig", "minDetectorConfidence", "min_confidence"},
    {"TargetManagement", "maxTargetsPerStream", "max_targets"},
    {"TargetManagement", "minIouDiff4NewTarget", "max_iou_new"},
    {"TargetManagement", "probationAge", "probation_frames"},
    {"TargetManagement", "maxShadowTrackingAge", "lost_frames"},
    {"TargetManagement", "earlyTerminationAge", "early_termination_frames"},
    {"TargetManagement", "minTrackerConfidence", nullptr},
    {"TargetManagement", "preserveStreamUpdateOrder", nullptr},
    {"TargetManagement", "enableBboxUnClipping", nullptr},
    {"TargetManagement", "searchRegionPaddingScale", nullptr},
    {"TargetManagement", "outputTerminatedTracks", nullptr},
    {"TargetManagement", "outputShadowTracks", nullptr},
    {"TargetManagement", "terminatedTrackFilename", nullptr},
    {"TrajectoryManagement", "useUniqueID", "has_unique_ids"},
    {"TrajectoryManagement", "enableReAssoc", nullptr},
    {"TrajectoryManagement", "minMatchingScore4Overall", nullptr},
    {"TrajectoryManagement", "minTrackletMatchingScore", nullptr},
    {"TrajectoryManagement", "minMatchingScore4ReidSimilarity", nullptr},
    {"TrajectoryManagement", "matchingScoreWeight4TrackletSimilarity", nullptr},
    {"TrajectoryManagement", "matchingScoreWeight4ReidSimilarity", nullptr},
    {"TrajectoryManagement", "minTrajectoryLength4Projection", nullptr},
    {"TrajectoryManagement", "prepLength4TrajectoryProjection", nullptr},
    {"TrajectoryManagement", "trajectoryProjectionLength", nullptr},
    {"TrajectoryManagement", "maxAngle4TrackletMatching", nullptr},
    {"TrajectoryManagement", "minSpeedSimilarity4TrackletMatching", nullptr},
    {"TrajectoryManagement", "minBboxSizeSimilarity4TrackletMatching", nullptr},
    {"TrajectoryManagement", "maxTrackletMatchingTimeSearchRange", nullptr},
    {"TrajectoryManagement", "trajectoryProjectionProcessNoiseScale", nullptr},
    {"TrajectoryManagement", "trajectoryProjectionMeasurementNoiseScale", nullptr},
    {"TrajectoryManagement", "trackletSpacialSearchRegionScale", nullptr},
    {"TrajectoryManagement", "reidExtractionInterval", nullptr},
    {"DataAssociator", "checkClassMatch", "needs_same_class"},
    {"DataAssociator", "minMatchingScore4Iou", "min_iou"},
    {"DataAssociator", "tentativeDetectorConfidence", "high_confidence"},
    {"DataAssociator", "minMatchingScore4TentativeIou", "min_iou_low"},
    {"DataAssociator", "minMatchingScore4Overall", nullptr},  // see take_overall_score
    {"DataAssociator", "dataAssociatorType", nullptr},
    {"DataAssociator", "associationMatcherType", nullptr},
    {"DataAssociator", "usePrediction4Assoc", nullptr},
    {"DataAssociator", "minMatchingScore4SizeSimilarity", nullptr},
    {"DataAssociator", "minMatchingScore4VisualSimilarity", nullptr},
    {"DataAssociator", "minMatchingScore4ReidSimilarity", nullptr},
    {"DataAssociator", "matchingScoreWeight4Iou", nullptr},
    {"DataAssociator", "matchingScoreWeight4SizeSimilarity", nullptr},
    {"DataAssociator", "matchingScoreWeight4VisualSimilarity", nullptr},
    {"DataAssociator", "matchingScoreWeight4ReidSimilarity", nullptr},
    {"DataAssociator", "thresholdMahalanobis", nullptr},
    {"StateEstimator", "stateEstimatorType", nullptr},
    {"StateEstimator", "processNoiseVar4Loc", nullptr},
    {"StateEstimator", "processNoiseVar4Size", nullptr},
    {"StateEstimator", "processNoiseVar4Vel", nullptr},
    {"StateEstimator", "measurementNoiseVar4Detector", nullptr},
    {"StateEstimator", "measurementNoiseVar4Tracker", nullptr},
    {"StateEstimator", "noiseWeightVar4Loc", nullptr},
    {"StateEstimator", "noiseWeightVar4Vel", nullptr},
    {"StateEstimator", "useAspectRatio", nullptr},
};
constexpr const char* kReadSections[] = {"BaseConfig",     "TargetManagement", "TrajectoryManagement",
                                         "DataAssociator", "StateEstimator",   "Fluvial"};
constexpr const char* kIgnoredSections[] = {"VisualTracker",      "ReID",         "Segmenter",
                                            "PoseEstimator",      "Communicator", "ObjectModelProjection",
                                            "MultiViewAssociator"};

using Words = std::vector<std::string>;

bool contains(const Words& words, const std::string& word) {
  return std::find(words.begin(), words.end(), word) != words.end();
}

const TrackerField* find_field(const std::string& name) {
  for (const auto& field : tracker_fields())
    if (name == field.name) return &field;
  return nullptr;
}

const Known* find_known(const std::string& section, const std::string& key) {
  for (const auto& known : kKnown)
    if (section == known.section && key == known.key) return &known;
  return nullptr;
}

Words section_names() {
  Words names(std::begin(kReadSections), std::end(kReadSections));
  names.insert(names.end(), std::begin(kIgnoredSections), std::end(kIgnoredSections));
  return names;
}

Words key_names(const std::string& section) {
  Words names;
  if (section == "Fluvial")
    for (const auto& field : tracker_fields()) names.emplace_back(field.name);
  for (const auto& known : kKnown)
    if (section == known.section) names.emplace_back(known.key);
  return names;
}

// A number; true and false are 1 and 0, as in OpenCV's YAML the numbers are used for both.
std::optional<double> number_of(const YAML::Node& node) {
  if (!node.IsScalar()) return std::nullopt;
  if (double number = 0; YAML::convert<double>::decode(node, number)) return number;
  if (bool flag = false; YAML::convert<bool>::decode(node, flag)) return flag;
  return std::nullopt;
}

class Reader {
 public:
  explicit Reader(const std::string& name) : name_(name) {}

  TrackerConfig read(const YAML::Node& root);

 private:
  void read_section(const YAML::Node& name, const YAML::Node& keys);
  void read_key(const std::string& section, const YAML::Node& key, const YAML::Node& value);
  void read_unknown(const std::string& section, const YAML::Node& key);
  void set(const TrackerField& field, const std::string& section, const YAML::Node& key, const YAML::Node& value);
  bool take_overall_score(const YAML::Node& associator);
  void problem(const YAML::Node& key, const std::string& what);

  std::string name_;
  TrackerConfig config_;
  std::string problems_;
};

TrackerConfig Reader::read(const YAML::Node& root) {
  if (!root.IsNull() && !root.IsMap())
    throw std::invalid_argument(name_ + ": expected sections such as TargetManagement, each with keys");
  for (const auto& entry : root) read_section(entry.first, entry.second);
  // Last, so that our own section wins wherever it stands.
  const YAML::Node ours = root.IsMap() && root["Fluvial"] ? root["Fluvial"] : YAML::Node();
  if (ours.IsMap())
    for (const auto& entry : ours) read_key("Fluvial", entry.first, entry.second);
  if (!problems_.empty()) throw std::invalid_argument(problems_);
  return config_;
}

void Reader::read_section(const YAML::Node& name, const YAML::Node& keys) {
  const auto section = name.as<std::string>();
  if (!contains(Words(std::begin(kReadSections), std::end(kReadSections)), section)) {
    const Words names = section_names();
    const auto meant = contains(names, section) ? "" : nearest_word(section, names, 2);
    if (!meant.empty()) return problem(name, "section " + section + " is unknown; did you mean " + meant + "?");
    config_.ignored.push_back(section);
    return;
  }
  if (keys.IsNull()) return;
  if (!keys.IsMap()) return problem(name, "section " + section + " has no keys, expected \"key: value\" lines");
  if (section == "Fluvial") return;
  for (const auto& entry : keys) read_key(section, entry.first, entry.second);
  if (section == "DataAssociator" && keys["minMatchingScore4Overall"] && !take_overall_score(keys))
    config_.ignored.push_back("DataAssociator.minMatchingScore4Overall");
}

void Reader::read_key(const std::string& section, const YAML::Node& key, const YAML::Node& value) {
  const auto word = key.as<std::string>();
  if (section == "Fluvial") {
    const auto* field = find_field(word);
    return field ? set(*field, section, key, value) : read_unknown(section, key);
  }
  const auto* known = find_known(section, word);
  if (!known) return read_unknown(section, key);
  if (known->field) return set(*find_field(known->field), section, key, value);
  if (section != "DataAssociator" || word != "minMatchingScore4Overall")
    config_.ignored.push_back(section + "." + word);
}

// NVIDIA adds keys with each release, so a name that resembles none is ignored; one letter or two off is a slip.
void Reader::read_unknown(const std::string& section, const YAML::Node& key) {
  const bool is_ours = section == "Fluvial";
  const auto word = key.as<std::string>();
  const auto where = section + "." + word;
  const Words names = key_names(section);
  if (const auto meant = nearest_word(word, names, is_ours ? word.size() / 2 : 2); !meant.empty())
    return problem(key, where + " is unknown; did you mean " + meant + "?");
  if (!is_ours) return config_.ignored.push_back(where);
  std::string all;
  for (const auto& name : names) all += (all.empty() ? "" : ", ") + name;
  problem(key, where + " is unknown, allowed are " + all);
}

void Reader::set(const TrackerField& field, const std::string& section, const YAML::Node& key,
                 const YAML::Node& value) {
  const std::string where = section + "." + key.Scalar();
  const auto number = number_of(value);
  if (!number || !field.allows(*number)) {
    const std::string given = value.IsScalar() ? "'" + value.Scalar() + "'"
                              : value.IsNull() ? "empty"
                                               : "no single value";
    return problem(key, where + " is " + given + ", allowed is " + field.allowed());
  }
  field.set(config_.settings, *number);
  // Who counts frames means frames: a doubtful object must not need more of them than the file says.
  if (where == "TargetManagement.probationAge") config_.settings.probation_evidence = 0;
}

// Where IoU alone makes the score, its threshold is one more on IoU. Returns whether it could be used.
bool Reader::take_overall_score(const YAML::Node& associator) {
  for (const char* other : {"SizeSimilarity", "VisualSimilarity", "ReidSimilarity"}) {
    const auto weight = associator[std::string("matchingScoreWeight4") + other];
    if (weight && number_of(weight).value_or(1) != 0) return false;
  }
  const auto weight_node = associator["matchingScoreWeight4Iou"];
  const double weight = weight_node ? number_of(weight_node).value_or(0) : 1;
  const auto score = number_of(associator["minMatchingScore4Overall"]);
  const auto* field = find_field("min_iou");
  if (!score || !(weight > 0) || !field->allows(*score / weight)) return false;
  field->set(config_.settings, std::max(field->get(config_.settings), *score / weight));
  return true;
}

void Reader::problem(const YAML::Node& key, const std::string& what) {
  if (!problems_.empty()) problems_ += "\n";
  problems_ += name_ + ":" + std::to_string(key.Mark().line + 1) + ": " + what;
}

// OpenCV begins its files with "%YAML:1.0", which YAML forbids. It becomes a comment, so that lines keep their numbers.
std::string without_opencv_head(std::string text) {
  const auto start = text.find_first_not_of("\xEF\xBB\xBF \t\r\n");
  if (start != std::string::npos && text.compare(start, 5, "%YAML") == 0) text[start] = '#';
  return text;
}

}  // namespace

TrackerConfig parse_tracker_config(const std::string& text, const std::string& name) {
  try {
    return Reader(name).read(YAML::Load(without_opencv_head(text)));
  } catch (const YAML::Exception& e) {
    throw std::invalid_argument(name + ":" + std::to_string(e.mark.line + 1) + ": not YAML: " + e.msg);
  }
}

TrackerConfig read_tracker_config(const std::string& path) {
  std::ifstream file(path);
  if (!file || std::filesystem::is_directory(path))
    throw std::invalid_argument(path + ": cannot be read, expected a low-level tracker's YAML file");
  std::ostringstream text;
  text << file.rdbuf();
  return parse_tracker_config(text.str(), path);
}

}  // namespace fluvial
