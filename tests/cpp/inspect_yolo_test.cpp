// What inspection makes of YOLO's exports. Names, shapes and metadata are those that their exporters write.
#define DOCTEST_CONFIG_IMPLEMENT_WITH_MAIN
#include "inspections.h"

#include <doctest/doctest.h>

#include "algo/heads/head.h"
#include "algo/labels.h"

using namespace fluvial;

namespace {

constexpr ElementType f32 = ElementType::f32;

ModelInfo model(std::vector<TensorInfo> outputs, const char* picture = "images", Shape input = {1, 3, 640, 640}) {
  return {"net.onnx", {{picture, f32, std::move(input)}}, std::move(outputs), {}};
}

ModelInfo by_ultralytics(const char* task, const char* names, std::vector<TensorInfo> outputs) {
  ModelInfo info = model(std::move(outputs));
  info.metadata = {{"author", "Ultralytics"},
                   {"description", "Ultralytics YOLO11n model trained on coco.yaml"},
                   {"task", task},
                   {"names", names},
                   {"imgsz", "[640, 640]"},
                   {"stride", "32"}};
  return info;
}

void check_is_letterboxed_rgb(const ModelSpec& spec) {
  CHECK(spec.input.color == ColorOrder::rgb);
  CHECK(spec.input.scale[0] == doctest::Approx(1 / 255.0));
  CHECK(spec.input.keeps_aspect);
  CHECK(spec.input.is_padding_centred);
  CHECK(spec.input.pad_value == 114);
}

}  // namespace

TEST_CASE("columns of cells are YOLOv8 or later, whoever wrote them") {
  const ModelInfo info = model({{"output0", f32, {1, 84, 8400}}});
  const ModelSpec spec = inspect(info);
  CHECK(spec.head == Head::yolo);
  CHECK(spec.needs_nms);
  CHECK(spec.class_count == 80);
  CHECK(spec.labels == coco_labels());
  CHECK(has(evidence_of(spec), "head yolo, YOLOv8 or later, nms needed (likely)"));
  check_is_letterboxed_rgb(spec);
  CHECK(make_head(spec, info.outputs) != nullptr);
}

TEST_CASE("Ultralytics' own words make it sure") {
  const ModelInfo info = by_ultralytics("detect", "{0: 'helmet', 1: 'vest'}", {{"output0", f32, {1, 6, 8400}}});
  const ModelSpec spec = inspect(info);
  CHECK(spec.head == Head::yolo);
  CHECK(spec.class_count == 2);
  CHECK(spec.labels == std::vector<std::string>{"helmet", "vest"});
  CHECK(has(evidence_of(spec), "(sure, Ultralytics wrote it)"));
  CHECK(has(evidence_of(spec), "Ultralytics' YOLO -> RGB, 0..1, centred with a border of 114 (sure)"));
}

TEST_CASE("an open size is the one that the exporter was told of, else 640") {
  ModelInfo info = by_ultralytics("detect", "{0: 'a'}", {{"output0", f32, {-1, 5, -1}}});
  info.inputs[0].shape = {-1, 3, -1, -1};
  info.metadata["imgsz"] = "[384, 512]";
  CHECK(inspect(info).input.size == Size{512, 384});
  info.metadata.clear();
  CHECK(inspect(info).input.size == Size{640, 640});
  info.outputs[0].name = "y";
  CHECK(has(refusal(info), "no head"));
}

TEST_CASE("grids with a finer or a coarser stride are YOLO's too") {
  CHECK(inspect(model({{"output0", f32, {1, 84, 34000}}})).head == Head::yolo);  // P2
  CHECK(inspect(model({{"output0", f32, {1, 84, 8500}}})).head == Head::yolo);   // P6
}

TEST_CASE("YOLO-pose says how many keypoints, and 56 columns without a word are not guessed at") {
  ModelInfo info = by_ultralytics("pose", "{0: 'person'}", {{"output0", f32, {1, 56, 8400}}});
  info.metadata["kpt_shape"] = "[17, 3]";
  const ModelSpec spec = inspect(info);
  CHECK(spec.head == Head::yolo);
  CHECK(spec.class_count == 1);
  CHECK(spec.options.at("keypoints") == "17x3");
  CHECK(make_head(spec, info.outputs)->has_details());
  info.metadata.clear();
  CHECK(has(refusal(info), "52 classes, or one class and 17 keypoints"));
  CHECK(has(refusal(info), "Add the head's option keypoints=17x3 or keypoints=0"));
  ModelHints hints;
  hints.options["keypoints"] = "17x3";
  CHECK(make_head(inspect(info, hints), info.outputs)->has_details());
  info.metadata["names"] = "['a']";
  info.outputs[0].shape[1] = 55;
  CHECK(has(refusal(info), "no head"));
}

TEST_CASE("YOLO-seg is rows and prototypes, whoever wrote them") {
  ModelInfo info = by_ultralytics("segment", "{0: 'a', 1: 'b'}",
                                  {{"output0", f32, {1, 38, 8400}}, {"output1", f32, {1, 32, 160, 160}}});
  for (bool is_author : {true, false}) {
    if (!is_author) info.metadata.clear();
    const ModelSpec spec = inspect(info);
    CHECK(spec.head == Head::yolo);
    CHECK(spec.class_count == 2);
    CHECK(make_head(spec, info.outputs)->has_details());
  }
}

TEST_CASE("oriented boxes are refused by name") {
  const ModelInfo info = by_ultralytics("obb", "{0: 'plane'}", {{"output0", f32, {1, 6, 8400}}});
  CHECK(has(refusal(info), "it looks like oriented boxes (YOLO-OBB), which this version does not decode"));
}

TEST_CASE("rows of six that Ultralytics wrote are final") {
  for (const char* task : {"detect", "segment", "pose"}) {
    ModelInfo info = by_ultralytics(task, "{0: 'person'}", {{"output0", f32, {1, 300, 6}}});
    if (task == std::string("pose")) info.metadata["kpt_shape"] = "[17, 3]";
    if (task == std::string("pose")) info.outputs[0].shape[2] = 57;
    if (task == std::string("segment")) info.outputs[0].shape[2] = 38;
    if (task == std::string("segment")) info.outputs.push_back({"output1", f32, {1, 32, 160, 160}});
    const ModelSpec spec = inspect(info);
    CHECK(spec.head == Head::rows);
    CHECK_FALSE(spec.needs_nms);
    CHECK(spec.class_count == 1);
    CHECK(spec.labels == std::vector<std::string>{"person"});
    CHECK(make_head(spec, info.outputs)->has_details() == (task != std::string("detect")));
    check_is_letterboxed_rgb(spec);
  }
}

TEST_CASE("300 rows of six are likely YOLOv10; of others nothing tells the colours") {
  const ModelSpec spec = inspect(model({{"output0", f32, {1, 300, 6}}}));
  CHECK(spec.head == Head::rows);
  CHECK_FALSE(spec.needs_nms);
  CHECK(has(evidence_of(spec), "likely, YOLOv10"));
  check_is_letterboxed_rgb(spec);
  const std::string text = refusal(model({{"dets", f32, {1, 100, 6}}}, "input"));
  CHECK(has(text, "head rows"));
  CHECK(has(text, "net-scale-factor"));
}

TEST_CASE("six numbers for every cell are what the names of the tensors say") {
  const std::vector<TensorInfo> rows = {{"output", f32, {1, 8400, 6}}};
  ModelHints hints;
  hints.color = ColorOrder::rgb;
  hints.scale = 1 / 255.0F;
  const ModelSpec deepstream = inspect(model(rows, "input"), hints);
  CHECK(deepstream.head == Head::rows);
  CHECK(deepstream.needs_nms);
  CHECK(has(refusal(model(rows, "input")), "net-scale-factor"));
  CHECK(inspect(model(rows)).head == Head::yolox);
  CHECK(has(refusal(model(rows, "data")), "head=yolox with its option boxes=raw"));
  hints.head = Head::rows;
  CHECK(inspect(model(rows, "data"), hints).head == Head::rows);
}

TEST_CASE("YOLOv7's end-to-end rows are of any number, where a classifier's are as many as pictures") {
  const ModelInfo info = model({{"output", f32, {-1, 7}}});
  const ModelSpec spec = inspect(info);
  CHECK(spec.head == Head::rows);
  CHECK(spec.options.at("columns") == "batch,box,class,score");
  CHECK_FALSE(spec.needs_nms);
  check_is_letterboxed_rgb(spec);
  CHECK(make_head(spec, info.outputs) != nullptr);
  CHECK(has(refusal(model({{"output", f32, {-1, 7}}}, "images", {-1, 3, 224, 224})), "head classification"));
}

TEST_CASE("an SSD's DetectionOutput is rows of shares, with classes as they are") {
  const ModelInfo info = model({{"detection_out", f32, {1, 1, 200, 7}}}, "image", {1, 3, 320, 544});
  const ModelSpec spec = inspect(info);
  CHECK(spec.head == Head::rows);
  CHECK(spec.options.at("columns") == "batch,class,score,box");
  CHECK(spec.options.at("boxes") == "normalised");
  CHECK(has(evidence_of(spec), "first_class=1"));
  CHECK(spec.input.color == ColorOrder::bgr);
  CHECK(make_head(spec, info.outputs) != nullptr);
  CHECK(has(refusal(model({{"detection_out", f32, {1, 1, 200, 7}}}, "data")), "net-scale-factor"));
}

TEST_CASE("RT-DETR of Ultralytics has its boxes as shares, and no nms") {
  ModelInfo info = by_ultralytics("detect", "{0: 'a', 1: 'b'}", {{"output0", f32, {1, 300, 6}}});
  info.metadata["description"] = "Ultralytics rtdetr-l model trained on coco.yaml";
  const ModelSpec spec = inspect(info);
  CHECK(spec.head == Head::yolo);
  CHECK(spec.options.at("boxes") == "normalised");
  CHECK_FALSE(spec.needs_nms);
  CHECK_FALSE(spec.input.keeps_aspect);
  CHECK(make_head(spec, info.outputs) != nullptr);
}

TEST_CASE("a head that the config says is taken, fit or not") {
  ModelHints hints;
  hints.color = ColorOrder::rgb;
  hints.scale = 1.0F;
  hints.head = Head::yolo;
  const ModelInfo turned = model({{"y", f32, {1, 8400, 84}}});
  CHECK(inspect(turned, hints).class_count == 80);
  CHECK(make_head(inspect(turned, hints), turned.outputs) != nullptr);
  hints.head = Head::rows;
  const ModelInfo paddle = model({{"y", f32, {-1, 6}}});
  hints.options["columns"] = "class,score,box";
  CHECK(make_head(inspect(paddle, hints), paddle.outputs) != nullptr);
  CHECK_THROWS_AS(make_head(inspect(turned, hints), turned.outputs), std::invalid_argument);
  const ModelInfo scalar = model({{"y", f32, {}}});
  for (Head head : {Head::yolo, Head::rows, Head::yolox}) {
    hints.head = head;
    CHECK_THROWS_AS(make_head(inspect(scalar, hints), scalar.outputs), std::invalid_argument);
  }
}

TEST_CASE("YOLOv5-seg is rows with objectness beside prototypes") {
  const std::vector<TensorInfo> outputs = {{"output0", f32, {1, 25200, 117}}, {"output1", f32, {1, 32, 160, 160}}};
  ModelInfo info = model(outputs);
  info.metadata = {{"names", "{0: 'a'}"}, {"stride", "32"}};
  CHECK(inspect(model(outputs)).class_count == 80);
  const ModelSpec spec = inspect(model({{"output0", f32, {1, 25200, 38}}, outputs[1]}));
  CHECK(spec.head == Head::yolox);
  CHECK(spec.options.at("boxes") == "decoded");
  CHECK(spec.class_count == 1);
  CHECK(spec.needs_nms);
  check_is_letterboxed_rgb(spec);
  CHECK(has(evidence_of(spec), "YOLOv5-seg"));
  CHECK(has(refusal(info), "does not decode"));  // its names are of one class, its rows of 80
}
