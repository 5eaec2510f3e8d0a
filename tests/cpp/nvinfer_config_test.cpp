// Config files of nvinfer, stand-ins and label files: what is read, what is refused, and in which words.
#define DOCTEST_CONFIG_IMPLEMENT_WITH_MAIN
#include <doctest/doctest.h>

#include <filesystem>
#include <fstream>

#include "folder.h"
// The plugin is a module that nothing links with: the test compiles the sources that it tests.
#include "elements/config_text.cpp"           // NOLINT
#include "elements/config_values.cpp"         // NOLINT
#include "elements/infer/labels_file.cpp"     // NOLINT
#include "elements/infer/model_path.cpp"      // NOLINT
#include "elements/infer/nvinfer_config.cpp"  // NOLINT

using namespace fluvial;  // NOLINT

namespace {

using testing::Folder;

bool has(const std::vector<std::string>& lines, const std::string& part) {
  return std::any_of(lines.begin(), lines.end(), [&](const auto& l) { return l.find(part) != std::string::npos; });
}

template <typename Body>
std::string error_of(Body body) {
  try {
    body();
  } catch (const SettingsError& e) {
    return e.what();
  }
  return "nothing was thrown";
}

}  // namespace

TEST_CASE("an INI file as DeepStream's samples write it is read") {
  const Folder folder;
  const auto path =
      folder.write("apps/pgie.txt",
                   "# comment\n[property]\ngpu-id=0\nnet-scale-factor=0.00392156862745098\n"
                   "onnx-file=../models/detector.onnx\nlabelfile-path=../models/labels.txt\n"
                   "int8-calib-file=../models/cal.bin\nbatch-size=30\nprocess-mode=1\nmodel-color-format=1\n"
                   "network-mode=1\nnum-detected-classes=4\ninterval=2\ngie-unique-id=7\ncluster-mode=2\n"
                   "infer-dims=3;544;960\noffsets=1.5;2;3\nfilter-out-class-ids=1;3\n"
                   "[class-attrs-1]\nnms-iou-threshold=0.7\n"
                   "[class-attrs-all]\npre-cluster-threshold=0.25\ntopk=20\neps=0.2\ngroup-threshold=1\n"
                   "bg-color=0;1;0;0.5\n");
  const auto config = read_nvinfer_config(path);
  CHECK(config.problems.empty());
  CHECK(config.warnings.empty());
  CHECK(has(config.notes, "int8-calib-file"));
  const auto& s = config.settings;
  CHECK(s.batch_size == 30);
  CHECK(s.interval == 2);
  CHECK(s.unique_id == 7);
  CHECK(*s.net_scale_factor == doctest::Approx(0.0039215686));
  CHECK(*s.color_format == 1);
  CHECK(*s.class_count == 4);
  CHECK(*s.cluster_mode == 2);
  CHECK(s.infer_dims == std::vector<int>{3, 544, 960});
  CHECK(s.offsets == std::vector<float>{1.5F, 2, 3});
  CHECK(s.unwanted_classes == std::vector<int>{1, 3});
  CHECK(s.onnx_file == folder / "models/detector.onnx");
  CHECK(s.labels_file == folder / "models/labels.txt");
  // What is said for all holds for one, wherever it stands in the file.
  CHECK(*s.of_class(1).threshold == doctest::Approx(0.25));
  CHECK(*s.of_class(1).nms_iou == doctest::Approx(0.7));
  CHECK(s.of_class(1).topk == 20);
  CHECK(s.of_class(1).eps == doctest::Approx(0.2));
  CHECK(s.of_class(1).group_threshold == 1);
  CHECK_FALSE(s.of_class(0).nms_iou);
  REQUIRE(s.of_class(0).background);
  CHECK(s.of_class(0).background->green == 1);
}

TEST_CASE("a YAML file says the same") {
  const Folder folder;
  const auto path =
      folder.write("sgie.yml",
                   "property:\n  batch-size: 16\n  process-mode: 2\n  network-type: 1\n"
                   "  operate-on-gie-id: 1\n  operate-on-class-ids: 0;2\n  filter-out-class-ids: [4, 5]\n"
                   "  classifier-async-mode: 1\n  classifier-threshold: 0.51\n  maintain-aspect-ratio: true\n"
                   "class-attrs-all:\n  pre-cluster-threshold: 0.4\n");
  const auto config = read_nvinfer_config(path);
  CHECK(config.problems.empty());
  CHECK(config.warnings.empty());
  const auto& s = config.settings;
  CHECK(s.batch_size == 16);
  CHECK(s.process_mode == ProcessMode::objects);
  CHECK(*s.network_type == 1);
  CHECK(s.on_unique_id == 1);
  CHECK(s.on_classes == std::vector<int>{0, 2});
  CHECK(s.unwanted_classes == std::vector<int>{4, 5});
  CHECK(*s.classifier_threshold == doctest::Approx(0.51));
  CHECK(*s.keeps_aspect);
  CHECK(*s.all_classes.threshold == doctest::Approx(0.4));
}

TEST_CASE("paths are relative to the folder that the file really lies in") {
  const Folder folder;
  folder.write("real/pgie.txt", "[property]\nonnx-file=m.onnx\n");
  fs::create_directories(folder / "elsewhere");
  fs::create_symlink(folder / "real/pgie.txt", folder / "elsewhere/link.txt");
  CHECK(read_nvinfer_config(folder / "elsewhere/link.txt").settings.onnx_file == folder / "real/m.onnx");
}

TEST_CASE("all problems of a file are named at once, with key, value and what is allowed") {
  const Folder folder;
  const auto path =
      folder.write("bad.txt",
                   "[property]\nbatch-size=0\ninterval=two\nnet-scale-factor=0,5\nmaintain-aspect-ratio=maybe\n"
                   "infer-dims=3;544\n[class-attrs-all]\npre-cluster-threshold=20\n[class-attrs-car]\ntopk=1\n");
  const auto problems = read_nvinfer_config(path).problems;
  CHECK(problems.size() == 7);
  CHECK(has(problems, "bad.txt: [property] batch-size=0: allowed are whole numbers, 1 to 1024"));
  CHECK(has(problems, "bad.txt: [property] interval=two: allowed are whole numbers, 0 and more"));
  CHECK(has(problems, "[property] net-scale-factor=0,5: allowed are numbers"));
  CHECK(has(problems, "[property] maintain-aspect-ratio=maybe: allowed are 0 and 1"));
  CHECK(has(problems, "[property] infer-dims=3;544: allowed is channels;height;width"));
  CHECK(has(problems, "[class-attrs-all] pre-cluster-threshold=20: allowed are numbers, 0 to 1"));
  CHECK(has(problems, "[class-attrs-car]"));
}

TEST_CASE("what a file leaves out is as DeepStream means it, unless it says that the model's kind decides") {
  const Folder folder;
  const auto read = [&](const std::string& keys) {
    return read_nvinfer_config(folder.write("c.txt", "[property]\n" + keys));
  };
  CHECK(read("batch-size=1\n").settings.has_deepstream_defaults);
  CHECK(read("defaults=deepstream\n").settings.has_deepstream_defaults);
  CHECK_FALSE(read("defaults=model\n").settings.has_deepstream_defaults);
  CHECK(has(read("defaults=mine\n").problems, "[property] defaults=mine: allowed are deepstream and model"));
}

TEST_CASE("the older word for DBSCAN means cluster-mode=1, unless a mode is said") {
  const Folder folder;
  const auto mode = [&](const std::string& keys) {
    return read_nvinfer_config(folder.write("c.txt", "[property]\n" + keys)).settings.cluster_mode;
  };
  CHECK(mode("enable-dbscan=1\n") == 1);
  CHECK(mode("enable-dbscan=0\n") == std::nullopt);
  CHECK(mode("enable-dbscan=1\ncluster-mode=2\n") == 2);
  CHECK(mode("cluster-mode=2\nenable-dbscan=1\n") == 2);
}

TEST_CASE("a library of parsers is relative to the file, and its functions are kept by kind") {
  const Folder folder;
  const auto path = folder.write("c.txt",
                                 "[property]\ncustom-lib-path=lib/p.so\nparse-bbox-func-name=a\n"
                                 "parse-classifier-func-name=b\nparse-segmentation-func-name=c\n"
                                 "parse-bbox-instance-mask-func-name=d\nengine-create-func-name=e\n");
  const auto config = read_nvinfer_config(path);
  const auto& s = config.settings;
  CHECK(s.custom_library == folder / "lib/p.so");
  CHECK(s.parse_boxes + s.parse_classes + s.parse_segments + s.parse_masks == "abcd");
  REQUIRE(config.warnings.size() == 1);
  CHECK(config.warnings[0].find("[property] engine-create-func-name: engines are not used here") != std::string::npos);
}

TEST_CASE("unknown keys and groups warn and offer the nearest name") {
  const Folder folder;
  const auto path = folder.write("typo.txt", "[property]\nbatchsize=2\nzzzzzzzzzzzz=1\n[class-atrs-all]\ntopk=1\n");
  const auto config = read_nvinfer_config(path);
  CHECK(config.problems.empty());
  CHECK(has(config.warnings, "[property] batchsize is not known; did you mean 'batch-size'?"));
  CHECK(has(config.warnings, "[property] zzzzzzzzzzzz is not known"));
  CHECK(has(config.warnings, "group [class-atrs-all] is not known; did you mean 'class-attrs-all'?"));
}

TEST_CASE("a key that asks for what is not there yet warns; one that asks for nothing does not") {
  const Folder folder;
  const auto path = folder.write("c.txt", "[property]\nmean-file=mean.ppm\noutput-instance-mask=0\nnetwork-mode=1\n");
  const auto config = read_nvinfer_config(path);
  REQUIRE(config.warnings.size() == 1);
  CHECK(config.warnings[0].find("c.txt: [property] mean-file: mean pictures are not read") == 0);
  CHECK(config.notes.size() == 1);
}

TEST_CASE("masks are attached where the config asks for them, and by a model alone") {
  const Folder folder;
  CHECK(InferSettings().attaches_masks());
  CHECK_FALSE(read_nvinfer_config(folder.write("a.txt", "[property]\nnetwork-type=3\n")).settings.attaches_masks());
  const auto config =
      read_nvinfer_config(folder.write("b.txt", "[property]\noutput-instance-mask=1\nsegmentation-threshold=0.3\n"));
  CHECK(config.settings.attaches_masks());
  CHECK(config.settings.segmentation_threshold == 0.3F);
  CHECK(has(read_nvinfer_config(folder.write("c.txt", "[property]\nsegmentation-threshold=2\n")).problems,
            "[property] segmentation-threshold=2"));
}

TEST_CASE("a file that is missing or no config is a problem with its path") {
  const Folder folder;
  CHECK(has(read_nvinfer_config(folder / "none.txt").problems, "none.txt: No such file or directory"));
  CHECK(read_nvinfer_config(folder.write("x.txt", "batch-size=1\n")).problems.size() == 1);
  CHECK(read_nvinfer_config(folder.write("x.yml", "property: [1\n")).problems.size() == 1);
  CHECK(has(read_nvinfer_config(folder.write("y.txt", "[class-attrs-all]\ntopk=1\n")).problems, "[property]"));
}

TEST_CASE("the model that is there is run; the property wins over the file") {
  const Folder folder;
  InferSettings settings;
  settings.onnx_file = folder.write("m.onnx", "x");
  CHECK(find_model(settings, "").path == settings.onnx_file);
  settings.model = "other.onnx";
  CHECK(find_model(settings, "").path == "other.onnx");
  settings = {};
  settings.engine_file = (folder / "m.onnx") + "_b1_gpu0_fp16.engine";
  CHECK(find_model(settings, "").path == folder / "m.onnx");
}

TEST_CASE("an absent model is replaced by its stand-in, with labels, class map and options") {
  const Folder folder;
  const auto table = folder.write("table.tsv",
                                  "# absent\tmodel\tlabels\tclasses\toptions\n"
                                  "Primary_Detector/net.onnx\tcoco.onnx\tlabels.txt\t2=0,0=2\t\n"
                                  "types.etlt\t/abs/types.onnx\t\t\toutputs=type\n");
  InferSettings settings;
  settings.onnx_file = "/opt/models/Primary_Detector/net.onnx";
  auto found = find_model(settings, table);
  CHECK(found.path == folder / "coco.onnx");
  CHECK(found.labels_file == folder / "labels.txt");
  CHECK(found.instead_of == settings.onnx_file);
  CHECK(found.class_map == std::map<int, int>{{2, 0}, {0, 2}});
  settings = {};
  settings.absent_file = "/opt/models/types.etlt";
  found = find_model(settings, table);
  CHECK(found.path == "/abs/types.onnx");
  CHECK(found.head_options.at("outputs") == "type");
}

TEST_CASE("classes of the absent model that its stand-in does not know are named") {
  const Folder folder;
  ModelPath found;
  CHECK(classes_never_found(found) == "");
  found.labels_file = folder.write("labels.txt", "person\nbag\nface\n");
  CHECK(classes_never_found(found) == "");  // numbers are the same
  found.class_map = {{1, 0}};
  CHECK(classes_never_found(found) == "bag, face");
  found.class_map = {{1, 0}, {7, 1}, {9, 2}, {10, 3}};
  CHECK(classes_never_found(found) == "");
}

TEST_CASE("without a model and without a stand-in the error says which key to set") {
  const Folder folder;
  InferSettings settings;
  CHECK(error_of([&] { find_model(settings, ""); }).find("set the property 'model'") != std::string::npos);
  settings.onnx_file = folder / "gone.onnx";
  CHECK(error_of([&] { find_model(settings, ""); }) == "onnx-file: no such file: " + settings.onnx_file);
  settings = {};
  settings.absent_file = "a.etlt";
  CHECK(error_of([&] { find_model(settings, ""); }).find("export it to ONNX") != std::string::npos);
  const auto table = folder.write("t.tsv", "a.etlt\tx.onnx\t\t0:1\n");
  CHECK(error_of([&] { find_model(settings, table); }).find("t.tsv:1") != std::string::npos);
  CHECK(error_of([&] { find_model(settings, folder / "none.tsv"); }).find("FLUVIAL_STANDINS") != std::string::npos);
}

TEST_CASE("label files of detectors and classifiers are read, and counted") {
  CHECK(detector_labels({"car", "person;pedestrian"}) == std::vector<std::string>{"car", "person"});
  CHECK(detector_labels({"car;bicycle;person"}) == std::vector<std::string>{"car", "bicycle", "person"});
  CHECK(classifier_labels({"white;grey", "car;bus;van"}, 2)[1] == std::vector<std::string>{"car", "bus", "van"});
  CHECK(classifier_labels({"tench", "goldfish"}, 1)[0] == std::vector<std::string>{"tench", "goldfish"});
  CHECK(classifier_labels({"audi;bmw"}, 1)[0] == std::vector<std::string>{"audi", "bmw"});
  const auto error = error_of([] { check_label_count("/x/labels.txt", 3, 4, "num-detected-classes"); });
  CHECK(error.find("3 labels, num-detected-classes has 4 classes") != std::string::npos);
  CHECK(error.find("/x/labels.txt") != std::string::npos);
}
