// What inspection makes of DETRs, of counted boxes and of grids with anchors. Names and shapes are the published ones.
#define DOCTEST_CONFIG_IMPLEMENT_WITH_MAIN
#include "inspections.h"

#include <doctest/doctest.h>

#include <numeric>

#include "algo/fixed_input.h"
#include "algo/heads/head.h"
#include "algo/labels.h"

using namespace fluvial;

namespace {

constexpr ElementType f32 = ElementType::f32;
constexpr ElementType i32 = ElementType::i32;

ModelInfo model(const char* file, std::vector<TensorInfo> outputs, Shape input = {1, 3, 640, 640}) {
  return {file, {{"pixel_values", f32, std::move(input)}}, std::move(outputs), {}};
}

ModelInfo detr(const char* file, std::int64_t queries, std::int64_t columns) {
  return model(file, {{"logits", f32, {1, queries, columns}},
                      {"pred_boxes", f32, {1, queries, 4}},
                      {"last_hidden_state", f32, {1, queries, 256}}});
}

bool is_imagenet(const ModelSpec& spec) { return spec.input.offset[0] > 100; }

std::vector<TensorInfo> grids(std::vector<Shape> shapes) {
  std::vector<TensorInfo> outputs;
  for (auto& shape : shapes) outputs.push_back({"grid" + std::to_string(outputs.size()), f32, std::move(shape)});
  return outputs;
}

}  // namespace

TEST_CASE("92 columns are DETR's: a softmax over COCO's ids and no object") {
  const ModelInfo info = detr("model.onnx", 100, 92);
  const ModelSpec spec = inspect(info);
  CHECK(spec.head == Head::detr_raw);
  CHECK(spec.options.at("scores") == "softmax");
  CHECK(spec.class_count == 91);
  CHECK(spec.labels == coco_labels_by_id());
  CHECK(is_imagenet(spec));
  CHECK_FALSE(spec.needs_nms);
  CHECK(has(evidence_of(spec), "(likely)"));
  CHECK(make_head(spec, info.outputs) != nullptr);
}

TEST_CASE("Hugging Face's DETR is told that no pixel is padding") {
  ModelInfo info = detr("model.onnx", 100, 92);
  info.inputs.push_back({"pixel_mask", ElementType::i64, {-1, 64, 64}});
  const ModelSpec spec = inspect(info);
  CHECK(spec.head == Head::detr_raw);
  CHECK(
      has(evidence_of(spec), "input pixel_mask i64[?,64,64] -> is given 1 for each pixel, as none is padding (sure)"));
  REQUIRE(spec.fixed_inputs.size() == 1);
  std::vector<std::int64_t> out(2 * 64 * 64 + 1);
  write_fixed(spec.fixed_inputs[0], 2, {"", ElementType::i64, {2, 64, 64}, out.data()});
  CHECK(std::accumulate(out.begin(), out.end(), 0) == 2 * 64 * 64);
  CHECK(out.back() == 0);
  info.inputs[1].shape = {-1, -1, -1};
  CHECK(inspect(info).fixed_inputs[0].times == 640 * 640);
  info.inputs[1].type = ElementType::f16;
  CHECK(has(refusal(info), "input 'pixel_mask' is neither"));
}

TEST_CASE("300 queries of 80 columns are RT-DETR's or D-FINE's, of 91 Deformable DETR's") {
  const ModelSpec real_time = inspect(detr("model.onnx", 300, 80));
  CHECK(real_time.options.at("scores") == "sigmoid");
  CHECK(real_time.labels == coco_labels());
  CHECK_FALSE(is_imagenet(real_time));
  const ModelSpec deformable = inspect(detr("model.onnx", 300, 91));
  CHECK(deformable.options.at("scores") == "sigmoid");
  CHECK(deformable.class_count == 91);
  CHECK(is_imagenet(deformable));
  CHECK(inspect(detr("dino.onnx", 900, 91)).options.at("scores") == "sigmoid");
}

TEST_CASE("RF-DETR is known by its names") {
  const ModelInfo info =
      model("inference_model.onnx", {{"dets", f32, {1, 300, 4}}, {"labels", f32, {1, 300, 4}}}, {1, 3, 560, 560});
  const ModelSpec spec = inspect(info);
  CHECK(spec.head == Head::detr_raw);
  CHECK(spec.options.at("scores") == "sigmoid");
  CHECK(spec.class_count == 4);
  CHECK(is_imagenet(spec));
  CHECK(make_head(spec, info.outputs) != nullptr);
}

TEST_CASE("a DETR that nothing is known of is asked about, then about its colours") {
  CHECK(has(refusal(detr("parts.onnx", 100, 5)), "whether the last of its 5 columns is no object"));
  CHECK(has(refusal(detr("parts.onnx", 100, 5)), "Add the head's option scores=softmax"));
  ModelHints hints;
  hints.options["scores"] = "softmax";
  CHECK(has(refusal(detr("parts.onnx", 100, 5), hints), "net-scale-factor"));
  CHECK(inspect(detr("rtdetr_parts.onnx", 100, 5)).options.at("scores") == "sigmoid");
  ModelInfo named = detr("parts.onnx", 100, 5);
  named.metadata["names"] = "{0: 'a', 1: 'b', 2: 'c', 3: 'd'}";
  hints = {};
  hints.color = ColorOrder::rgb;
  hints.scale = 1.0F;
  CHECK(inspect(named, hints).options.at("scores") == "softmax");
  CHECK(inspect(named, hints).class_count == 4);
  named.metadata["names"] = "{0: 'a', 1: 'b', 2: 'c', 3: 'd', 4: 'e'}";
  CHECK(inspect(named, hints).options.at("scores") == "sigmoid");
}

TEST_CASE("COCO's ids have gaps") {
  CHECK(coco_labels_by_id().size() == 91);
  CHECK(coco_labels_by_id()[1] == "person");
  CHECK(coco_labels_by_id()[12].empty());
  CHECK(coco_labels_by_id()[13] == "stop sign");
  CHECK(coco_labels_by_id()[90] == "toothbrush");
}

TEST_CASE("EfficientNMS is pixels, TensorFlow's shares, and BatchedNMS is asked about") {
  const auto counted = [](const std::string& count, const std::string& prefix) {
    ModelInfo info = model("m.onnx", {{count, i32, {1, 1}},
                                      {prefix + "boxes", f32, {1, 100, 4}},
                                      {prefix + "scores", f32, {1, 100}},
                                      {prefix + "classes", i32, {1, 100}}});
    info.inputs[0].name = "images";
    return info;
  };
  const ModelSpec efficient = inspect(counted("num_dets", "det_"));
  CHECK(efficient.head == Head::counted);
  CHECK(efficient.options.at("boxes") == "pixels");
  CHECK_FALSE(efficient.needs_nms);
  CHECK(efficient.input.keeps_aspect);
  CHECK(has(evidence_of(efficient), "guess"));
  CHECK(make_head(efficient, counted("num_dets", "det_").outputs) != nullptr);

  ModelInfo tensorflow = counted("num_detections", "detection_");
  tensorflow.inputs[0] = {"input_tensor", ElementType::u8, {1, 320, 320, 3}};
  const ModelSpec spec = inspect(tensorflow);
  CHECK(spec.options.at("corners") == "yxyx");
  CHECK(spec.options.at("first_class") == "1");
  CHECK(spec.input.color == ColorOrder::rgb);

  CHECK(has(refusal(counted("num_detections", "nmsed_")), "boxes=pixels or boxes=normalised"));
  ModelHints hints;
  hints.options["boxes"] = "normalised";
  hints.color = ColorOrder::rgb;
  hints.scale = 1.0F;
  CHECK(inspect(counted("num_detections", "nmsed_"), hints).options.at("boxes") == "normalised");
}

TEST_CASE("YOLOv4 of PyTorch is boxes and confidences of the same cells") {
  const ModelInfo info =
      model("yolov4.onnx", {{"boxes", f32, {1, 10647, 1, 4}}, {"confs", f32, {1, 10647, 80}}}, {1, 3, 416, 416});
  const ModelSpec spec = inspect(info);
  CHECK(spec.head == Head::boxes_scores);
  CHECK(spec.needs_nms);
  CHECK(spec.class_count == 80);
  CHECK(spec.input.color == ColorOrder::rgb);
  CHECK_FALSE(spec.input.keeps_aspect);
  CHECK(make_head(spec, info.outputs) != nullptr);
}

TEST_CASE("of grids with anchors, the file's name tells the version") {
  const auto v5 = grids({{1, 3, 80, 80, 85}, {1, 3, 40, 40, 85}, {1, 3, 20, 20, 85}});
  const ModelSpec spec = inspect(model("yolov5s.onnx", v5));
  CHECK(spec.head == Head::yolo_grids);
  CHECK(spec.options.at("version") == "5");
  CHECK(spec.class_count == 80);
  CHECK(spec.needs_nms);
  CHECK(spec.input.is_padding_centred);
  CHECK(make_head(spec, v5) != nullptr);
  CHECK(inspect(model("YOLOv7-tiny.onnx", v5)).options.at("version") == "7-tiny");
  CHECK(inspect(model("yolov7.onnx", v5)).options.at("version") == "7");

  const auto v3 = grids({{1, 255, 13, 13}, {1, 255, 26, 26}, {1, 255, 52, 52}});
  const ModelSpec third = inspect(model("yolov3-416.onnx", v3, {1, 3, 416, 416}));
  CHECK(third.options.at("version") == "3");
  CHECK_FALSE(third.input.keeps_aspect);
  CHECK(make_head(third, v3) != nullptr);

  const auto tiny = grids({{1, 13, 13, 21}, {1, 26, 26, 21}});
  const ModelSpec fourth = inspect(model("yolo-v4-tiny-tf.onnx", tiny, {1, 3, 416, 416}));
  CHECK(fourth.options.at("version") == "4-tiny");
  CHECK(fourth.class_count == 2);
  CHECK(make_head(fourth, tiny) != nullptr);

  const auto p6 = grids({{1, 255, 80, 80}, {1, 255, 40, 40}, {1, 255, 20, 20}, {1, 255, 10, 10}});
  CHECK(inspect(model("yolov5s6.onnx", p6)).options.at("version") == "5-p6");
  CHECK(has(refusal(model("yolov7-w6.onnx", p6)), "nothing tells which"));
}

TEST_CASE("grids whose file has no telling name are asked about, and other maps are none") {
  const auto v5 = grids({{1, 3, 80, 80, 85}, {1, 3, 40, 40, 85}, {1, 3, 20, 20, 85}});
  CHECK(has(refusal(model("best.onnx", v5)), "Add the head's option version=3, 3-tiny"));
  ModelHints hints;
  hints.options["version"] = "5";
  hints.color = ColorOrder::rgb;
  hints.scale = 1 / 255.0F;
  CHECK(make_head(inspect(model("best.onnx", v5), hints), v5) != nullptr);
  CHECK(has(refusal(model("y.onnx", grids({{1, 256, 80, 80}, {1, 256, 40, 40}}))), "does not decode"));
  CHECK(has(refusal(model("y.onnx", grids({{1, 258, 80, 80}, {1, 258, 80, 80}}))), "does not decode"));
  CHECK(has(refusal(model("y.onnx", grids({{1, 255, 80, 80}, {1, 258, 40, 40}}))), "does not decode"));
}

TEST_CASE("said by the config, these heads are taken, fit or not") {
  ModelHints hints;
  hints.color = ColorOrder::rgb;
  hints.scale = 1.0F;
  const ModelInfo scalar = model("y.onnx", {{"y", f32, {}}});
  for (Head head : {Head::detr_raw, Head::counted}) {
    hints.head = head;
    CHECK_THROWS_AS(make_head(inspect(scalar, hints), scalar.outputs), std::invalid_argument);
  }
  hints.head = Head::yolo_grids;
  hints.options["version"] = "5";
  CHECK_THROWS_AS(make_head(inspect(scalar, hints), scalar.outputs), std::invalid_argument);
}

TEST_CASE("masks beside a DETR's queries are not read, and that is said") {
  ModelInfo info = model("rf-detr-seg.onnx", {{"dets", f32, {1, 100, 4}}, {"labels", f32, {1, 100, 91}}});
  CHECK_FALSE(has(evidence_of(inspect(info)), "masks"));
  info.outputs.push_back({"masks", f32, {1, 100, 108, 108}});
  CHECK(inspect(info).head == Head::detr_raw);
  CHECK(has(evidence_of(inspect(info)), "output masks: masks of queries are not read, only boxes are (sure)"));
}

TEST_CASE("an SSD before its boxes are decoded is refused by name, with how to export it") {
  const std::string caffe = refusal(model(
      "ssd.onnx",
      {{"mbox_loc", f32, {1, 34928}}, {"mbox_conf_flatten", f32, {1, 183372}}, {"mbox_priorbox", f32, {1, 2, 34928}}}));
  CHECK(has(caffe,
            "it looks like an SSD, or one of its kind, whose boxes are offsets to priors (export it with its own "
            "post-processing"));
  CHECK(has(refusal(model("ssd.onnx", {{"raw_outputs/box_encodings", f32, {1, 1917, 4}},
                                       {"raw_outputs/class_predictions", f32, {1, 1917, 91}}})),
            "whose boxes are offsets to priors"));
  // Of PyTorch: by shapes alone they could be boxes.
  CHECK(has(refusal(model("ssd.onnx", {{"cls_logits", f32, {1, 8732, 81}}, {"bbox_pred", f32, {1, 8732, 4}}})),
            "whose boxes are offsets to priors"));
}
