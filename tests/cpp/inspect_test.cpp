// The inputs and outputs below are those of published models, written down so that no file is needed.
#define DOCTEST_CONFIG_IMPLEMENT_WITH_MAIN
#include "inspections.h"

#include <doctest/doctest.h>

#include "algo/heads/head.h"
#include "algo/labels.h"

using namespace fluvial;

namespace {

constexpr ElementType f32 = ElementType::f32;
constexpr ElementType u8 = ElementType::u8;
constexpr ElementType i32 = ElementType::i32;
constexpr ElementType i64 = ElementType::i64;

ModelInfo deimv2(int size, const char* file) {
  return {file,
          {{"images", f32, {-1, 3, size, size}}, {"orig_target_sizes", i64, {-1, 2}}},
          {{"labels", i64, {-1, 300}}, {"boxes", f32, {-1, 300, 4}}, {"scores", f32, {-1, 300}}},
          {}};
}

ModelInfo yolox_nano() {
  return {"yolox_nano_416.onnx", {{"images", f32, {1, 3, 416, 416}}}, {{"output", f32, {1, 3549, 85}}}, {}};
}

ModelInfo person_vehicle_bike() {
  return {"person-vehicle-bike-detection-2004.onnx",
          {{"image", f32, {1, 3, 256, 448}}},
          {{"boxes", f32, {1, 7164, 4}}, {"scores", f32, {1, 7164, 3}}},
          {}};
}

ModelInfo person_vehicle_bike_ir() {
  return {"person-vehicle-bike-detection-2004-INT8.xml",
          {{"image", f32, {1, 3, 256, 448}}},
          {{"boxes", f32, {-1, 5}}, {"labels", i64, {-1}}},
          {}};
}

ModelInfo vehicle_detection() {
  return {"vehicle-detection-0200.onnx",
          {{"image", f32, {1, 3, 256, 256}}},
          {{"boxes", f32, {1, 1344, 4}}, {"scores", f32, {1, 1344, 2}}},
          {}};
}

ModelInfo vehicle_attributes() {
  return {"vehicle-attributes-recognition-barrier-0039.onnx",
          {{"input", f32, {1, 3, 72, 72}}},
          {{"color", f32, {1, 7, 1, 1}}, {"type", f32, {1, 4, 1, 1}}},
          {}};
}

ModelInfo person_attributes() {
  return {"person-attributes-recognition-crossroad-0230.onnx",
          {{"0", f32, {1, 3, 160, 80}}},
          {{"453", f32, {1, 8, 1, 1}}, {"456", f32, {1, 2, 1, 1}}, {"459", f32, {1, 2, 1, 1}}},
          {}};
}

ModelInfo mobilenet() {
  return {"mobilenet_v2_224_imagenet_int8.onnx",
          {{"input", u8, {1, 224, 224, 3}}},
          {{"MobilenetV2/Predictions/Softmax", u8, {1, 1001}}},
          {}};
}

ModelInfo yunet() {
  ModelInfo info{"face_detection_yunet_2026may.onnx", {{"input", f32, {1, 3, -1, -1}}}, {}, {}};
  const std::pair<const char*, int> parts[] = {{"cls_", 1}, {"obj_", 1}, {"bbox_", 4}, {"kps_", 10}};
  for (const auto& [name, width] : parts) {
    for (int stride : {8, 16, 32}) info.outputs.push_back({name + std::to_string(stride), f32, {1, -1, width}});
  }
  return info;
}

ModelInfo retinaface(int size, int priors) {
  return {"retinaface.onnx",
          {{"input0", f32, {1, 3, size, size}}},
          {{"output0", f32, {1, priors, 4}}, {"593", f32, {1, priors, 2}}, {"592", f32, {1, priors, 10}}},
          {}};
}

ModelInfo net(Shape input, std::vector<TensorInfo> outputs) {
  return {"net.onnx", {{"x", f32, std::move(input)}}, std::move(outputs), {}};
}

}  // namespace

TEST_CASE("a DETR with sizes as input is RGB, 0..1, stretched, and needs no nms") {
  for (const auto& [size, file] :
       {std::pair(416, "deimv2_hgnetv2_femto_coco.onnx"), std::pair(320, "deimv2_hgnetv2_atto_coco.onnx")}) {
    const ModelSpec spec = inspect(deimv2(size, file));
    CHECK(spec.head == Head::detr);
    CHECK(spec.input.name == "images");
    CHECK(spec.input.size == Size{size, size});
    CHECK(spec.input.color == ColorOrder::rgb);
    CHECK(spec.input.scale[1] == doctest::Approx(1 / 255.0));
    CHECK(spec.input.offset[1] == 0);
    CHECK_FALSE(spec.input.keeps_aspect);
    CHECK_FALSE(spec.needs_nms);
    CHECK(spec.is_batch_open);
    REQUIRE(spec.fixed_inputs.size() == 1);
    CHECK(spec.fixed_inputs[0].name == "orig_target_sizes");
    CHECK(spec.fixed_inputs[0].values == std::vector<float>(2, static_cast<float>(size)));
    CHECK(spec.class_count == 80);
    CHECK(spec.labels == coco_labels());
  }
}

TEST_CASE("a DETR whose file does not say coco gets no labels that could be wrong") {
  const ModelSpec spec = inspect(deimv2(640, "helmets.onnx"));
  CHECK(spec.class_count == 0);
  CHECK(spec.labels.empty());
  CHECK(has(evidence_of(spec), "num-detected-classes"));
}

TEST_CASE("a DETR with a DINOv3 backbone is normalised as ImageNet") {
  const ModelSpec spec = inspect(deimv2(640, "deimv2_dinov3_s_coco.onnx"));
  CHECK(spec.input.offset[0] == doctest::Approx(123.675));
  CHECK(spec.input.scale[2] == doctest::Approx(1 / 57.375));
}

TEST_CASE("YOLOX is BGR, 0..255, letterboxed top left with 114") {
  const ModelSpec spec = inspect(yolox_nano());
  CHECK(spec.head == Head::yolox);
  CHECK(spec.input.size == Size{416, 416});
  CHECK(spec.input.layout == Layout::nchw);
  CHECK(spec.input.color == ColorOrder::bgr);
  CHECK(spec.input.scale[0] == 1);
  CHECK(spec.input.keeps_aspect);
  CHECK_FALSE(spec.input.is_padding_centred);
  CHECK(spec.input.pad_value == 114);
  CHECK(spec.needs_nms);
  CHECK_FALSE(spec.is_batch_open);
  CHECK(spec.class_count == 80);
  CHECK(spec.labels[0] == "person");
  CHECK(spec.evidence.size() >= 4);
}

TEST_CASE("three anchors a cell are YOLOv5, with its labels from metadata") {
  ModelInfo info{"v5.onnx", {{"images", f32, {1, 3, 640, 640}}}, {{"output0", f32, {1, 25200, 7}}}, {}};
  info.metadata["names"] = "{0: 'cat', 1: \"dog's\"}";
  const ModelSpec spec = inspect(info);
  CHECK(spec.head == Head::yolox);
  CHECK(spec.input.color == ColorOrder::rgb);
  CHECK(spec.input.is_padding_centred);
  CHECK(spec.options.at("boxes") == "decoded");
  CHECK(spec.class_count == 2);
  CHECK(spec.labels == std::vector<std::string>{"cat", "dog's"});
}

TEST_CASE("Open Model Zoo detectors are BGR, 0..255, stretched") {
  const ModelSpec onnx = inspect(person_vehicle_bike());
  CHECK(onnx.head == Head::boxes_scores);
  CHECK(onnx.class_count == 3);
  CHECK(onnx.needs_nms);
  CHECK(onnx.options.at("background") == "auto");
  const ModelSpec ir = inspect(person_vehicle_bike_ir());
  CHECK(ir.head == Head::boxes_labels);
  CHECK_FALSE(ir.needs_nms);
  CHECK(ir.class_count == 0);
  for (const auto& spec : {onnx, ir}) {
    CHECK(spec.input.size == Size{448, 256});
    CHECK(spec.input.color == ColorOrder::bgr);
    CHECK(spec.input.scale[0] == 1);
    CHECK_FALSE(spec.input.keeps_aspect);
    CHECK(spec.labels.empty());
  }
}

TEST_CASE("two columns of scores are one class and background") {
  const ModelSpec spec = inspect(vehicle_detection());
  CHECK(spec.head == Head::boxes_scores);
  CHECK(spec.options.at("background") == "1");
  CHECK(spec.class_count == 1);
  CHECK(spec.input.color == ColorOrder::bgr);
  ModelInfo sigmoids = vehicle_detection();
  sigmoids.metadata["op.scores"] = "Sigmoid";
  CHECK(inspect(sigmoids).class_count == 2);
}

TEST_CASE("pooled vectors are attributes of Open Model Zoo") {
  const ModelSpec vehicle = inspect(vehicle_attributes());
  CHECK(vehicle.head == Head::classification);
  CHECK(vehicle.input.color == ColorOrder::bgr);
  CHECK(vehicle.input.size == Size{72, 72});
  CHECK(vehicle.class_count == 7);
  CHECK_FALSE(vehicle.needs_nms);

  const ModelSpec person = inspect(person_attributes());
  CHECK(person.head == Head::classification);
  CHECK(person.input.size == Size{80, 160});
  CHECK(person.input.scale[0] == 1);
  CHECK(person.class_count == 8);
}

TEST_CASE("where the graph is known, sigmoids are independent classes and pairs of them points") {
  ModelInfo info = person_attributes();
  for (const char* name : {"453", "456", "459"}) info.metadata[std::string("op.") + name] = "Sigmoid";
  const ModelSpec spec = inspect(info);
  CHECK(spec.options.at("multi_label") == "453");
  CHECK(spec.options.at("outputs") == "453");
}

TEST_CASE("a u8 picture is RGB as it is") {
  const ModelSpec spec = inspect(mobilenet());
  CHECK(spec.head == Head::classification);
  CHECK(spec.input.type == u8);
  CHECK(spec.input.layout == Layout::nhwc);
  CHECK(spec.input.size == Size{224, 224});
  CHECK(spec.input.color == ColorOrder::rgb);
  CHECK(spec.input.scale[0] == 1);
  CHECK(spec.class_count == 1001);
  CHECK(spec.labels.empty());
  CHECK(spec.options.at("multi_label") == "none");
}

TEST_CASE("DetectNet is known by its names and four to one channels") {
  const ModelSpec spec =
      inspect({"resnet18.onnx",
               {{"input_1:0", f32, {-1, 3, 544, 960}}},
               {{"output_bbox/BiasAdd:0", f32, {-1, 16, 34, 60}}, {"output_cov/Sigmoid:0", f32, {-1, 4, 34, 60}}},
               {}});
  CHECK(spec.head == Head::detectnet);
  CHECK(spec.class_count == 4);
  CHECK(spec.input.scale[0] == doctest::Approx(1 / 255.0));
  CHECK(spec.needs_nms);
}

TEST_CASE("YuNet is BGR as it is, its size open in multiples of 32") {
  const ModelSpec spec = inspect(yunet());
  CHECK(spec.head == Head::yunet);
  CHECK(spec.input.size == Size{640, 640});
  CHECK(spec.input.color == ColorOrder::bgr);
  CHECK(spec.input.scale[0] == 1);
  CHECK(spec.input.keeps_aspect);
  CHECK(spec.labels == std::vector<std::string>{"face"});
  CHECK(spec.needs_nms);
  CHECK(has(evidence_of(spec), "infer-dims"));
  ModelHints hints;
  hints.size = Size{672, 384};
  CHECK(inspect(yunet(), hints).input.size == Size{672, 384});
  hints.size = Size{650, 384};
  CHECK(has(refusal(yunet(), hints), "is to be 650x384, but head yunet needs multiples of 32"));
  CHECK(has(refusal(yunet(), hints), "such as 3;384;672"));
}

TEST_CASE("RetinaFace is BGR minus a mean, known by the number of its priors") {
  for (const auto& [size, priors] : {std::pair(640, 16800), std::pair(320, 4200), std::pair(640, 23500)}) {
    const ModelSpec spec = inspect(retinaface(size, priors));
    CHECK(spec.head == Head::retinaface);
    CHECK(spec.input.color == ColorOrder::bgr);
    CHECK(spec.input.offset[0] == 104);
    CHECK(spec.input.offset[2] == 123);
    CHECK(spec.class_count == 1);
    CHECK(make_head(spec, retinaface(size, priors).outputs) != nullptr);
  }
  ModelInfo named = retinaface(640, 9);
  named.outputs[2].name = "landmarks";
  CHECK(has(refusal(named), "face detector with landmarks of a kind that is not known"));
}

TEST_CASE("every decided model has a head that accepts its outputs") {
  for (const auto& info : {deimv2(416, "a"), yolox_nano(), person_vehicle_bike(), person_vehicle_bike_ir(),
                           vehicle_detection(), vehicle_attributes(), person_attributes(), mobilenet(), yunet()}) {
    CHECK(make_head(inspect(info), info.outputs) != nullptr);
  }
}

TEST_CASE("what this version does not decode is refused by what it looks like") {
  CHECK(has(refusal(net({1, 3, 256, 192}, {{"y", f32, {1, 17, 2}}})), "pose keypoints"));
  CHECK(has(refusal(net({1, 3, 256, 256}, {{"y", f32, {1, 1, 256, 256}}})), "a picture (a mask, depth, an image)"));
}

TEST_CASE("any other network is refused, with what was seen and what to add") {
  const std::string maps = refusal(net({1, 3, 224, 224}, {{"y", f32, {1, 64, 7, 7}}}));
  CAPTURE(maps);
  CHECK(has(maps, "feature maps"));
  CHECK(has(maps, "net.onnx"));
  CHECK(has(maps, "y f32[1,64,7,7]"));
  CHECK(has(maps, "network-type"));
  const std::string classifier = refusal(net({1, 3, 32, 32}, {{"y", f32, {1, 10}}}));
  CHECK(has(classifier, "head classification"));
  CHECK(has(classifier, "net-scale-factor"));
  CHECK(has(classifier, "model-color-format"));
  CHECK(has(refusal(net({1, 3, 224, 224}, {{"y", f32, {1, 1000}}})), "net-scale-factor"));
  CHECK(has(refusal(net({1, 3, 224, 224}, {{"y", f32, {1, 10, 1, 1}}})), "net-scale-factor"));
  CHECK(has(refusal(net({1, 3, 300, 300}, {{"boxes", f32, {1, 3000, 4}}, {"scores", f32, {1, 3000, 21}}})),
            "net-scale-factor"));
  CHECK(has(refusal(net({1, 3, 224, 224}, {})), "outputs none"));
  CHECK(has(refusal(net({1, 128}, {{"y", f32, {1, 10}}})), "neither a picture"));
  CHECK(has(refusal(net({1, 3, 224, 224}, {{"", f32, {}}})), "no head"));
  CHECK(has(refusal({"", {}, {}, {}}), "no input"));
}

TEST_CASE("an open size is refused by name of the key") {
  ModelInfo info = deimv2(416, "coco");
  info.inputs[0].shape = {-1, 3, -1, -1};
  CHECK(has(refusal(info), "infer-dims"));
  ModelHints hints;
  hints.size = Size{640, 384};
  CHECK(inspect(info, hints).input.size == Size{640, 384});
}

TEST_CASE("hints are obeyed") {
  ModelHints hints;
  hints.color = ColorOrder::bgr;
  hints.scale = 0.5F;
  hints.offsets = std::array<float, 3>{1, 2, 3};
  hints.labels = {"a", "b"};
  const ModelInfo info = net({-1, 3, 32, 32}, {{"y", f32, {-1, 10}}});
  const ModelSpec spec = inspect(info, hints);
  CHECK(spec.head == Head::classification);
  CHECK(spec.input.color == ColorOrder::bgr);
  CHECK(spec.input.scale[2] == 0.5F);
  CHECK(spec.input.offset[2] == 3);
  CHECK(spec.labels.size() == 2);
  CHECK(spec.class_count == 10);
  hints.head = Head::detectnet;
  CHECK_THROWS_AS(make_head(inspect(info, hints), info.outputs), std::invalid_argument);
}

TEST_CASE("labels are read from what exporters write") {
  using Words = std::vector<std::string>;
  CHECK(parse_labels("{0: 'a', 2: 'c, d: {e}'}") == Words{"a", "", "c, d: {e}"});
  CHECK(parse_labels(R"({"0": "a", "1": "b"})") == Words{"a", "b"});
  CHECK(parse_labels("['a', 'b']") == Words{"a", "b"});
  CHECK(parse_labels("person vehicle") == Words{"person", "vehicle"});
  CHECK(parse_labels("traffic light\nstop sign\n") == Words{"traffic light", "stop sign"});
  CHECK(parse_labels(" ").empty());
  CHECK(parse_labels("{99999999999: 'far'}").empty());
  CHECK(parse_labels("{0: 'open").size() == 1);
  CHECK(coco_labels().size() == 80);
}

TEST_CASE("a picture without pixels, or with more than anybody has, is refused with its size") {
  const std::vector<TensorInfo> vector = {{"y", f32, {1, 10}}};
  CHECK(has(refusal(net({1, 3, 0, 96}, vector)), "input 'x' is 96x0 pixels; allowed are 1 to 16384 in each direction"));
  CHECK(has(refusal(net({1, 3, 1LL << 40, 96}, vector)), "is 96x1099511627776 pixels"));
  CHECK(has(refusal(net({1, 16385, 96, 3}, vector)), "is 96x16385 pixels"));
  CHECK(has(refusal(net({}, vector)), "input 'x' has no dimensions, or leaves their number open; a picture has four"));
  CHECK(has(refusal(net({1, 3, 64, 96}, {})), "it has no outputs"));
}
