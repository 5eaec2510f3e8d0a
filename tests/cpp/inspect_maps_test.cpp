// Segmentation and pose as published: their names and shapes, written down so that no file is needed.
#define DOCTEST_CONFIG_IMPLEMENT_WITH_MAIN
#include "inspections.h"

#include <doctest/doctest.h>

#include "algo/heads/head.h"

using namespace fluvial;

namespace {

constexpr ElementType f32 = ElementType::f32;

ModelHints plain() {
  ModelHints hints;
  hints.color = ColorOrder::rgb;
  hints.scale = 1.0F;
  return hints;
}

ModelInfo net(Shape input, std::vector<TensorInfo> outputs, const char* path = "net.onnx") {
  return {path, {{"input", f32, std::move(input)}}, std::move(outputs), {}};
}

ModelSpec look_at(const ModelInfo& info, const ModelHints& hints = {}) {
  const ModelSpec spec = inspect(info, hints);
  CHECK(make_head(spec, info.outputs) != nullptr);
  return spec;
}

bool tells(const ModelSpec& spec, const std::string& part) {
  for (const auto& sentence : spec.evidence)
    if (sentence.find(part) != std::string::npos) return true;
  return false;
}

}  // namespace

TEST_CASE("DeepLab with its argmax inside is a map of classes of a plain picture") {
  const ModelInfo info{"deeplabv3_mnv2_pascal_int8.onnx",
                       {{"MobilenetV2/MobilenetV2/input", ElementType::u8, {1, 513, 513, 3}}},
                       {{"ArgMax", ElementType::i64, {1, 513, 513}}},
                       {}};
  const ModelSpec spec = look_at(info);
  CHECK(spec.head == Head::segmentation);
  CHECK(task_of(spec.head) == Task::segmentation);
  CHECK(spec.class_count == 0);
  CHECK(spec.input.layout == Layout::nhwc);
  CHECK(tells(spec, "output ArgMax is a picture of a class a pixel -> head segmentation (sure)"));
}

TEST_CASE("scores of classes are told by their layout, and a softmax by its node") {
  ModelInfo road = net({1, 512, 896, 3}, {{"tf.identity", f32, {1, 512, 896, 4}}});
  CHECK(refusal(road).find("head segmentation, but nothing tells the order of its colours") != std::string::npos);
  road.metadata["op.tf.identity"] = "Softmax";
  const ModelSpec spec = look_at(road, plain());
  CHECK(spec.head == Head::segmentation);
  CHECK(spec.class_count == 4);
  CHECK(spec.options.at("layout") == "nhwc");
  CHECK(spec.options.at("scores") == "probabilities");
  CHECK(tells(spec, "a softmax makes tf.identity -> probabilities (sure)"));

  const ModelSpec segformer = look_at(net({1, 3, 512, 512}, {{"logits", f32, {1, 150, 128, 128}}}), plain());
  CHECK(segformer.head == Head::segmentation);
  CHECK(segformer.class_count == 150);
  CHECK(segformer.options.at("layout") == "nchw");
  CHECK(segformer.options.count("scores") == 0);
}

TEST_CASE("a second output of the same shape is left out") {
  const ModelSpec spec =
      look_at(net({1, 3, 520, 520}, {{"out", f32, {1, 21, 520, 520}}, {"aux", f32, {1, 21, 520, 520}}}), plain());
  CHECK(spec.head == Head::segmentation);
  CHECK(spec.options.at("output") == "out");
  CHECK(refusal(net({1, 3, 512, 512}, {{"hm", f32, {1, 80, 128, 128}}, {"wh", f32, {1, 2, 128, 128}}}))
            .find("head segmentation") == std::string::npos);
}

TEST_CASE("of one channel or three, a name or a softmax has to say that it is no depth and no picture") {
  CHECK(refusal(net({1, 3, 256, 256}, {{"y", f32, {1, 1, 256, 256}}})).find("(a mask, depth, an image)") !=
        std::string::npos);
  CHECK(refusal(net({1, 3, 256, 256}, {{"y", f32, {1, 3, 256, 256}}})).find("(a mask, depth, an image)") !=
        std::string::npos);
  CHECK(look_at(net({1, 3, 256, 256}, {{"mask", f32, {1, 1, 256, 256}}}), plain()).class_count == 2);
  ModelHints said = plain();
  said.head = Head::segmentation;
  CHECK(look_at(net({1, 3, 256, 256}, {{"y", f32, {1, 3, 256, 256}}}), said).class_count == 3);
}

TEST_CASE("MoveNet is fed whole numbers, its aspect kept in the middle") {
  const ModelInfo info{"movenet-lightning.onnx",
                       {{"input:0", ElementType::i32, {1, 192, 192, 3}}},
                       {{"Identity:0", f32, {1, 1, 17, 3}}},
                       {}};
  const ModelSpec spec = look_at(info);
  CHECK(spec.head == Head::movenet);
  CHECK(task_of(spec.head) == Task::pose);
  CHECK(spec.labels == std::vector<std::string>{"person"});
  CHECK(spec.input.keeps_aspect);
  CHECK(spec.input.is_padding_centred);
  CHECK(spec.object_margin == 1.25F);
  CHECK(tells(spec, "17 key points -> in COCO's order"));

  const ModelInfo multi{
      "movenet-multipose.onnx", {{"input", ElementType::i32, {1, -1, -1, 3}}}, {{"output_0", f32, {1, 6, 56}}}, {}};
  CHECK(look_at(multi).head == Head::movenet);
  CHECK(look_at(multi).input.size == Size{256, 256});
}

TEST_CASE("RTMPose and HRNet are told by their outputs, and fed as they were trained") {
  const ModelSpec rtm =
      look_at(net({-1, 3, 256, 192}, {{"simcc_x", f32, {-1, 17, 384}}, {"simcc_y", f32, {-1, 17, 512}}}));
  CHECK(rtm.head == Head::simcc);
  CHECK(rtm.input.keeps_aspect);
  CHECK(rtm.input.offset[0] == doctest::Approx(123.675));
  CHECK(rtm.is_batch_open);
  CHECK(look_at(net({1, 3, 256, 192}, {{"a", f32, {1, 26, 384}}, {"b", f32, {1, 26, 512}}})).head == Head::simcc);

  const ModelSpec hrnet = look_at(net({1, 3, 256, 192}, {{"output", f32, {1, 17, 64, 48}}}));
  CHECK(hrnet.head == Head::heatmaps);
  CHECK(hrnet.object_margin == 1.25F);
  CHECK(look_at(net({1, 3, 256, 256}, {{"heatmaps", f32, {1, 21, 64, 64}}})).head == Head::heatmaps);
  // As many classes of a segmentation, without a name that says pose.
  CHECK(look_at(net({1, 3, 256, 256}, {{"out", f32, {1, 21, 64, 64}}}), plain()).head == Head::segmentation);
}
