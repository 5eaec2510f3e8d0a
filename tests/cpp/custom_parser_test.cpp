// Parsers of the user's: which function is opened, what it is told, and what becomes of what it gives. No model is run.
#define DOCTEST_CONFIG_IMPLEMENT_WITH_MAIN
#include <doctest/doctest.h>

#include <cmath>
#include <filesystem>
#include <fstream>

#include "infer_sources.h"

using namespace fluvial;  // NOLINT

namespace {

constexpr int side = 8;

ModelInfo any_model() {
  ModelInfo info;
  info.path = "/models/any.onnx";
  info.inputs = {{"image", ElementType::f32, {1, 3, side, side}}};
  info.outputs = {{"rows", ElementType::f32, {1, 2, 6}}};
  return info;
}

InferSettings settings_with(std::string InferSettings::*key, const std::string& name) {
  InferSettings settings;
  settings.has_deepstream_defaults = true;
  settings.custom_library = SAMPLE_PARSERS;
  settings.*key = name;
  settings.class_count = 2;
  return settings;
}

Decision decision_of(const InferSettings& settings) {
  return decide(settings, {"any.onnx", "", "", {}, {}}, any_model());
}

std::string error_of(const InferSettings& settings) {
  try {
    decision_of(settings);
  } catch (const SettingsError& e) {
    return e.what();
  }
  return "nothing was thrown";
}

// A head over one tensor, and what it complained of.
struct Reading {
  explicit Reading(const InferSettings& settings) : decision(decision_of(settings)) {}

  std::vector<TensorView> outputs() { return {{"rows", ElementType::f32, shape, numbers.data()}}; }
  std::vector<Detection> boxes(std::size_t unit = 0) {
    std::vector<Detection> found;
    head->decode(outputs(), unit, found);
    return found;
  }
  std::vector<Classification> classes() {
    std::vector<Classification> found;
    head->classify(outputs(), 0, found);
    return found;
  }
  Segmentation segments() {
    Segmentation found;
    head->segment(outputs(), 0, found);
    return found;
  }
  std::string error() {
    try {
      boxes();
    } catch (const std::runtime_error& e) {
      return e.what();
    }
    return "nothing was thrown";
  }

  Decision decision;
  std::vector<std::string> complaints;
  std::vector<float> numbers = std::vector<float>(12);
  Shape shape{1, 2, 6};
  std::unique_ptr<HeadDecoder> head =
      make_custom_head(decision, 1, [this](const std::string& text) { complaints.push_back(text); });
};

constexpr auto boxes_key = &InferSettings::parse_boxes;
constexpr auto masks_key = &InferSettings::parse_masks;
constexpr auto classes_key = &InferSettings::parse_classes;
constexpr auto segments_key = &InferSettings::parse_segments;

}  // namespace

TEST_CASE(
    "a model with an unknown head is fed by the config's keys, or DeepStream's defaults, when a parser reads it") {
  auto settings = settings_with(boxes_key, "parse_rows");
  Decision decision = decision_of(settings);
  CHECK(decision.spec.head == Head::unknown);
  CHECK(decision.spec.input.color == ColorOrder::rgb);
  CHECK(decision.spec.input.scale[0] == 1);
  CHECK_FALSE(decision.spec.input.keeps_aspect);
  CHECK(decision.clusters[0].mode == ClusterMode::nms);
  CHECK(decision.explanation().find("parse-bbox-func-name=parse_rows reads the outputs") != std::string::npos);
  settings.color_format = 1;
  settings.net_scale_factor = 0.5F;
  settings.keeps_aspect = true;
  settings.cluster_mode = 4;
  decision = decision_of(settings);
  CHECK(decision.spec.input.color == ColorOrder::bgr);
  CHECK(decision.spec.input.scale[0] == 0.5F);
  CHECK(decision.spec.input.keeps_aspect);
  CHECK(decision.clusters[0].mode == ClusterMode::none);
}

TEST_CASE("network-type says which of several parsers is called; the others are named") {
  auto settings = settings_with(boxes_key, "parse_rows");
  settings.parse_classes = "parse_types";
  settings.network_type = 1;
  const Decision decision = decision_of(settings);
  CHECK(decision.parser->what == Parses::classes);
  CHECK(decision.task == Task::classification);
  REQUIRE(decision.warnings.size() == 1);
  CHECK(decision.warnings[0] == "parse-bbox-func-name=parse_rows is not called: it is for network-type=0, which is 1");
  settings.network_type.reset();
  CHECK(decision_of(settings).parser->what == Parses::boxes);
  settings.parse_boxes.clear();
  CHECK(decision_of(settings).parser->what == Parses::classes);
}

TEST_CASE("what cannot be opened is said with key, value, the nearest name and the library") {
  const std::string library = SAMPLE_PARSERS;
  auto settings = settings_with(boxes_key, "parse_row");
  CHECK(error_of(settings) ==
        "parse-bbox-func-name=parse_row: the library has no such function; did you mean 'parse_rows'? "
        "(custom-lib-path=" +
            library + ")");
  settings = settings_with(boxes_key, "parse_mangled");
  CHECK(error_of(settings).find("parse_mangled: the library has no such function; the library has it without extern") !=
        std::string::npos);
  settings = settings_with(boxes_key, "qqqqqqqqqqqqqqqqqq");
  CHECK(error_of(settings).find("has no such function (custom-lib-path") != std::string::npos);
  settings.custom_library = "/none/lib.so";
  CHECK(error_of(settings).find("custom-lib-path: no such file: /none/lib.so; without it") == 0);
  settings.custom_library.clear();
  CHECK(error_of(settings) ==
        "parse-bbox-func-name=qqqqqqqqqqqqqqqqqq: set custom-lib-path to the library that has it");
  const auto text = std::filesystem::temp_directory_path() / ("fluvial-lib-" + std::to_string(::getpid()));
  std::ofstream(text) << "no library";
  settings.custom_library = text.string();
  CHECK(error_of(settings).find("custom-lib-path: the library cannot be loaded: ") == 0);
  CHECK(exported_symbols(text.string()).empty());
  std::filesystem::remove(text);
}

TEST_CASE("a parser needs to know how many classes there are, and masks are not clustered") {
  auto settings = settings_with(boxes_key, "parse_rows");
  settings.class_count.reset();
  CHECK(error_of(settings).find("num-detected-classes: parse-bbox-func-name=parse_rows needs it") == 0);
  settings = settings_with(masks_key, "parse_masks");
  settings.cluster_mode = 2;
  CHECK(error_of(settings).find("cluster-mode=2: objects with masks are not clustered") == 0);
}

TEST_CASE("the parser of an absent model is not called on its stand-in") {
  auto settings = settings_with(boxes_key, "parse_rows");
  settings.custom_library = "/opt/nvidia/lib.so";
  ModelInfo info = any_model();
  info.outputs = {{"boxes", ElementType::f32, {5, 5}}, {"labels", ElementType::i64, {5}}};
  const Decision decision = decide(settings, {"s.onnx", "/opt/m.onnx", "", {}, {}}, info);
  CHECK_FALSE(decision.parser);
  REQUIRE(decision.notes.size() == 1);
  CHECK(decision.notes[0].find("custom-lib-path: not used") == 0);
}

TEST_CASE("a parser is told the network, the classes, the thresholds and each layer without its batch") {
  auto settings = settings_with(boxes_key, "parse_told");
  settings.all_classes.threshold = 0.25F;
  settings.all_classes.threshold_after = 0.5F;
  settings.classes[1] = settings.all_classes;
  settings.classes[1].threshold = 0.75F;
  Reading reading(settings);
  const auto found = reading.boxes();
  REQUIRE(found.size() == 2);
  CHECK(found[0].box.left == side);
  CHECK(found[0].box.top == side);
  CHECK(found[0].box.width == 3);
  CHECK(found[0].box.height == 1);  // bindings are counted behind the inputs
  CHECK(found[1].box.left == 2);
  CHECK(found[1].box.top == 0.75F);
  CHECK(found[1].box.width == 0.5F);
  CHECK(found[1].box.height == 12);
}

TEST_CASE("each unit of a batch is read from its own part, and weak boxes and strange classes are dropped") {
  Reading reading(settings_with(boxes_key, "parse_rows"));
  reading.shape = {2, 1, 6};
  reading.decision.batched_outputs = {true};
  reading.numbers = {0, 0, 4, 4, 0.9F, 0, 1, 2, 7, 8, 0.6F, 1};
  const auto found = reading.boxes(1);
  REQUIRE(found.size() == 1);
  CHECK(found[0].class_id == 1);
  CHECK(found[0].box.left == 1);
  CHECK(found[0].box.width == 6);
  reading.numbers = {0, 0, 4, 4, 0.1F, 0, 1, 2, 7, 8, 0.6F, 79};  // 79: the thresholds end at 2
  CHECK(reading.boxes(0).empty());
  CHECK(reading.boxes(1).empty());
}

TEST_CASE("boxes that are no numbers are left out, and that is said once") {
  Reading reading(settings_with(boxes_key, "parse_nan"));
  CHECK(reading.boxes().size() == 1);
  CHECK(reading.boxes().size() == 1);
  REQUIRE(reading.complaints.size() == 1);
  CHECK(reading.complaints[0] == "parse-bbox-func-name=parse_nan: boxes with NaN or infinity are left out");
}

TEST_CASE("what a parser throws or refuses is an error that names it") {
  Reading throws(settings_with(boxes_key, "parse_throws"));
  CHECK(throws.error().find("parse_throws threw: no anchors for this size (/") != std::string::npos);
  Reading number(settings_with(boxes_key, "parse_throws_number"));
  CHECK(number.error().find("threw something that is no std::exception") != std::string::npos);
  Reading refuses(settings_with(boxes_key, "parse_refuses"));
  CHECK(refuses.error().find("returned false: it does not read outputs like these") != std::string::npos);
  Reading masks(settings_with(masks_key, "parse_masks_throws"));
  CHECK(masks.error().find("threw: half way") != std::string::npos);
}

TEST_CASE("masks are copied with their sizes, and freed once") {
  Reading reading(settings_with(masks_key, "parse_masks"));
  auto kept = reading.boxes();
  REQUIRE(kept.size() == 3);
  kept.erase(kept.begin());
  std::vector<Details> details;
  reading.head->describe(reading.outputs(), 0, kept, details);
  REQUIRE(details.size() == 2);
  CHECK(details[0].mask.values == std::vector<float>{0, 0.2F, 0.4F, 0.6F, 0.8F, 1});
  CHECK(details[0].mask.size.width == 3);
  CHECK(details[0].mask.size.height == 2);
  CHECK(details[1].mask.values.empty());
}

TEST_CASE("a classifier's labels are its own, or the label file's, or its description") {
  auto settings = settings_with(classes_key, "parse_types");
  const auto labels = std::filesystem::temp_directory_path() / ("fluvial-types-" + std::to_string(::getpid()));
  std::ofstream(labels) << "green;blue;red\ncar;van\n";
  settings.labels_file = labels.string();
  settings.classifier_threshold = 0.5F;
  Reading reading(settings);
  reading.numbers[0] = 0.9F;
  reading.numbers[1] = 0.7F;
  const auto found = reading.classes();
  REQUIRE(found.size() == 2);
  CHECK(reading.decision.label_of(found[0]) == "red");
  CHECK(found[0].class_id == 2);
  CHECK(reading.decision.label_of(found[1]) == "van");
  CHECK(found[1].attribute == 1);
  reading.numbers[0] = reading.numbers[1] = 0.1F;
  CHECK(reading.classes().empty());
  std::filesystem::remove(labels);
  settings.labels_file.clear();
  Reading without_file(settings);
  without_file.numbers[1] = 0.7F;
  const auto described = without_file.classes();
  REQUIRE(described.size() == 1);
  CHECK(described[0].text == "a red one");
}

TEST_CASE("a segmentation has a class for every pixel, and probabilities where an output holds them") {
  auto settings = settings_with(segments_key, "parse_columns");
  Reading reading(settings);
  auto found = reading.segments();
  REQUIRE(found.classes.size() == side * side);
  CHECK(found.classes[0] == 0);
  CHECK(found.classes[side + 1] == 1);
  CHECK(found.classes[2] == -1);
  CHECK(found.probabilities.empty());
  REQUIRE(reading.complaints.size() == 1);
  CHECK(reading.complaints[0].find("classProbabilityMap is no output with classes x height x width") !=
        std::string::npos);
  reading.numbers.assign(2 * side * side, 0.25F);
  reading.shape = {1, 2, side, side};
  found = reading.segments();
  CHECK(found.probabilities.size() == 2 * side * side);
  settings.segmentation_threshold = 0.6F;
  Reading strict(settings);
  CHECK(strict.segments().classes[0] == -1);
}
