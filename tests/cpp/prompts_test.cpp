// Mask decoders of promptable segmentation: what their tensors are, what is written into them, which mask is read.
#include "algo/prompts.h"

#define DOCTEST_CONFIG_IMPLEMENT_WITH_MAIN
#include <doctest/doctest.h>

#include <cmath>
#include <vector>

using namespace fluvial;

namespace {

constexpr auto f32 = ElementType::f32;
constexpr Size input{1024, 1024};

ModelInfo encoder_of(const Shape& embedding = {1, 256, 64, 64}) {
  ModelInfo info;
  info.outputs = {{"image_embeddings", f32, embedding}};
  return info;
}

// Of SAM's own export, but for the count of boxes.
ModelInfo sam(std::int64_t boxes = -1) {
  ModelInfo info;
  info.inputs = {{"image_embeddings", f32, {1, 256, 64, 64}},
                 {"point_coords", f32, {boxes, -1, 2}},
                 {"point_labels", f32, {boxes, -1}},
                 {"mask_input", f32, {1, 1, 256, 256}},
                 {"has_mask_input", f32, {1}},
                 {"orig_im_size", f32, {2}}};
  info.outputs = {
      {"masks", f32, {-1, -1, -1, -1}}, {"iou_predictions", f32, {-1, 4}}, {"low_res_masks", f32, {-1, -1, -1, -1}}};
  return info;
}

ModelInfo efficient_sam() {
  ModelInfo info;
  info.inputs = {{"image_embeddings", f32, {-1, 256, 64, 64}},
                 {"batched_point_coords", f32, {-1, -1, -1, 2}},
                 {"batched_point_labels", f32, {-1, -1, -1}},
                 {"orig_im_size", ElementType::i64, {2}}};
  info.outputs = {{"output_masks", f32, {-1, -1, -1, -1, -1}}, {"iou_predictions", f32, {-1, -1, -1}}};
  return info;
}

// Memory for every tensor of the decoder, as a request has it.
struct Memory {
  Memory(const ModelInfo& info, const MaskDecoder& decoder) {
    for (const auto& tensor : info.inputs) {
      const Shape shape = decoder.shapes.at(tensor.name);
      blocks.emplace_back(element_count(shape) * 8, '\x7F');
      views.push_back({tensor.name, tensor.type, shape, blocks.back().data()});
    }
  }
  std::vector<std::vector<char>> blocks;
  std::vector<TensorView> views;
};

std::vector<float> floats(const TensorView& view, std::size_t count) {
  return {view.as<float>(), view.as<float>() + count};
}

std::string problem(const ModelInfo& decoder, const ModelInfo& encoder = encoder_of()) {
  try {
    read_mask_decoder(decoder, encoder, input, 4);
  } catch (const UnfitDecoder& e) {
    return e.what();
  }
  return "none";
}

ModelInfo with_input(std::size_t index, const Shape& shape) {
  ModelInfo info = sam();
  info.inputs[index].shape = shape;
  return info;
}

}  // namespace

TEST_CASE("SAM's decoder is known by its names, and no size of it stays open") {
  const auto d = read_mask_decoder(sam(), encoder_of(), input, 4);
  CHECK(d.boxes == 4);
  CHECK(d.points == 2);
  CHECK(d.box_axis == 0);
  CHECK(d.masks == 2);
  CHECK(d.scores == 1);
  CHECK(d.are_masks_of_input);
  CHECK(d.shapes.at("point_coords") == Shape{4, 2, 2});
  CHECK(d.shapes.at("point_labels") == Shape{4, 2});
  CHECK(d.shapes.at("image_embeddings") == Shape{1, 256, 64, 64});
  CHECK(read_mask_decoder(sam(1), encoder_of(), input, 4).boxes == 1);
}

TEST_CASE("EfficientSAM's has pictures before boxes, and sees the whole input as the frame") {
  const auto info = efficient_sam();
  const auto d = read_mask_decoder(info, encoder_of({-1, 256, 64, 64}), input, 3);
  CHECK(d.box_axis == 1);
  CHECK(d.are_masks_of_input);
  CHECK(d.shapes.at("batched_point_coords") == Shape{1, 3, 2, 2});
  CHECK(d.shapes.at("image_embeddings") == Shape{1, 256, 64, 64});
  Memory memory(info, d);
  write_prompts(d, {{10, 20, 30, 40}}, {{0, 0, 640, 360}, 0, 0, 1024, 576}, memory.views);
  CHECK(memory.views[3].as<std::int64_t>()[0] == 1024);
  CHECK(memory.views[3].as<std::int64_t>()[1] == 1024);
}

TEST_CASE("inputs that are no prompts come from the encoder by their names, as SAM2's") {
  ModelInfo decoder = sam();
  decoder.inputs[0] = {"image_embed", f32, {1, 256, 64, 64}};
  decoder.inputs.push_back({"high_res_feats_0", f32, {1, 32, 256, 256}});
  ModelInfo encoder;
  encoder.outputs = {{"high_res_feats_0", f32, {1, 32, 256, 256}}, {"image_embed", f32, {1, 256, 64, 64}}};
  const auto d = read_mask_decoder(decoder, encoder, input, 4);
  REQUIRE(d.embeddings.size() == 2);
  CHECK(d.embeddings[0].input == 0);
  CHECK(d.embeddings[0].output == 1);
  CHECK(d.embeddings[1].input == 6);
  CHECK(d.embeddings[1].output == 0);
  encoder.outputs.pop_back();
  CHECK(problem(decoder, encoder) ==
        "input 'image_embed' [1, 256, 64, 64] is no output of the encoder, which gives high_res_feats_0");
}

TEST_CASE("the only output of an encoder goes to the only input that is no prompt, whatever they are called") {
  ModelInfo encoder = encoder_of();
  encoder.outputs[0].name = "output";
  CHECK(problem(sam(), encoder) == "none");
}

TEST_CASE("a decoder that does not fit says which tensor, and its shape") {
  CHECK(problem(sam(), encoder_of({1, 128, 64, 64})) ==
        "input 'image_embeddings' is [1, 256, 64, 64]; the encoder's output 'image_embeddings' is [1, 128, 64, 64]");
  CHECK(problem(with_input(0, {1, 256, 64})) ==
        "input 'image_embeddings' is [1, 256, 64]; the encoder's output 'image_embeddings' is [1, 256, 64, 64]");
  CHECK(problem(with_input(1, {-1, 1, 2})) == "input 'point_coords' is [?, 1, 2]; a box needs two points");
  CHECK(problem(with_input(1, {5, 2})) ==
        "input 'point_coords' is [5, 2]; needed is [boxes, points, 2] or [1, boxes, points, 2]");
  CHECK(problem(with_input(1, {-1, -1, 3})) ==
        "input 'point_coords' is [?, ?, 3]; needed is [boxes, points, 2] or [1, boxes, points, 2]");
  CHECK(problem(with_input(2, {7, -1})) ==
        "input 'point_labels' is [7, ?]; as many labels as there are points are needed");
  CHECK(problem(with_input(3, {1, 1, 128, 128})) ==
        "input 'mask_input' is [1, 1, 128, 128]; needed is a quarter of the encoder's input");
  CHECK(problem(with_input(5, {3})) == "input 'orig_im_size' is [3]; needed is [2], height and width");
  ModelInfo half = sam();
  half.inputs[0].type = ElementType::f16;
  CHECK(problem(half) == "input 'image_embeddings' is of another type than the encoder's output 'image_embeddings'");
  ModelInfo flat = sam();
  flat.outputs = {{"masks", f32, {-1, 256, 256}}};
  CHECK(problem(flat) == "output 'masks' is [?, 256, 256]; needed is [boxes, masks, height, width]");
  ModelInfo other;
  other.inputs = {{"image", f32, {1, 3, 64, 64}}};
  CHECK(problem(other).rfind("no input is called point_coords; it has image; a decoder of SAM's kind takes ", 0) == 0);
  ModelInfo blind = sam();
  blind.inputs.erase(blind.inputs.begin());
  CHECK(problem(blind).rfind("no input takes what the encoder gives; it has point_coords, ", 0) == 0);
}

TEST_CASE("boxes become two corners each, what is left is padding, and no earlier mask is given") {
  const auto info = sam();
  const auto d = read_mask_decoder(info, encoder_of(), input, 2);
  Memory memory(info, d);
  const Letterbox letterbox{{0, 0, 1280, 720}, 0, 0, 1024, 576};
  write_prompts(d, {{100, 500, 50, 200}}, letterbox, memory.views);
  CHECK(floats(memory.views[1], 8) == std::vector<float>{100, 500, 150, 576, 0, 0, 0, 0});  // cut at the picture
  CHECK(floats(memory.views[2], 4) == std::vector<float>{2, 3, -1, -1});
  CHECK(floats(memory.views[3], 3) == std::vector<float>{0, 0, 0});
  CHECK(floats(memory.views[4], 1) == std::vector<float>{0});
  CHECK(floats(memory.views[5], 2) == std::vector<float>{144, 256});  // height, width; a quarter: nobody reads them
}

TEST_CASE("without small masks the frame's own are read, and what lies beside the picture is none of them") {
  ModelInfo info = sam(1);
  info.outputs.pop_back();
  const auto d = read_mask_decoder(info, encoder_of(), input, 1);
  CHECK_FALSE(d.are_masks_of_input);
  Memory memory(info, d);
  const Letterbox letterbox{{0, 0, 1280, 720}, 0, 0, 1024, 512};
  write_prompts(d, {{0, 0, 10, 10}}, letterbox, memory.views);
  CHECK(floats(memory.views[5], 2) == std::vector<float>{512, 1024});
  // A mask of 4 x 2 pixels over the picture: its right half is the object.
  std::vector<float> masks{-9, -9, 9, 9, -9, -9, 9, 9}, scores{1};
  const std::vector<TensorView> outputs{{"masks", f32, {1, 1, 2, 4}, masks.data()},
                                        {"iou", f32, {1, 1}, scores.data()}};
  const Mask mask = read_prompted_mask(d, outputs, 0, {0, 0, 1024, 512}, letterbox);
  CHECK(mask.size == Size{64, 64});
  for (std::size_t row : {0, 31, 63}) {
    CHECK(mask.values[row * 64 + 10] < 0.01F);
    CHECK(mask.values[row * 64 + 53] > 0.99F);
  }
}

TEST_CASE("of a box's masks the decoder's own favourite is read, as probabilities over the box") {
  const auto d = read_mask_decoder(sam(), encoder_of(), input, 2);
  // Two boxes with three masks of 2 x 2, each of one number; the favourites are the second and the third.
  std::vector<float> low, scores{0.1F, 0.8F, 0.3F, 0.2F, 0.3F, 0.9F}, unused(64);
  for (float value : {1.0F, 2.0F, 3.0F, 4.0F, 5.0F, -6.0F}) low.insert(low.end(), 4, value);
  const std::vector<TensorView> outputs{{"masks", f32, {2, 3, 2, 2}, unused.data()},
                                        {"iou_predictions", f32, {2, 3}, scores.data()},
                                        {"low_res_masks", f32, {2, 3, 2, 2}, low.data()}};
  const Letterbox letterbox{{0, 0, 1024, 1024}, 0, 0, 1024, 1024};
  const Mask first = read_prompted_mask(d, outputs, 0, {100, 100, 400, 400}, letterbox);
  const Mask second = read_prompted_mask(d, outputs, 1, {-500, -500, 3000, 3000}, letterbox);  // beyond the edge
  CHECK(first.values[100] == doctest::Approx(1 / (1 + std::exp(-2.0))));
  CHECK(second.values[0] == doctest::Approx(1 / (1 + std::exp(6.0))));
}

TEST_CASE("outputs that are no masks are refused with their shape") {
  const auto d = read_mask_decoder(sam(), encoder_of(), input, 2);
  std::vector<float> values(64);
  const Letterbox all{{0, 0, 1024, 1024}, 0, 0, 1024, 1024};
  const auto problem_of = [&](const Shape& low, const Shape& scores, ElementType type = f32) {
    const std::vector<TensorView> outputs{
        {"masks", f32, {}, nullptr}, {"iou", f32, scores, values.data()}, {"low", type, low, values.data()}};
    try {
      read_prompted_mask(d, outputs, 1, {0, 0, 9, 9}, all);
    } catch (const std::runtime_error& e) {
      return std::string(e.what());
    }
    return std::string("none");
  };
  CHECK(problem_of({2, 2, 2, 2}, {2, 2}) == "none");
  CHECK(problem_of({1, 2, 2, 2}, {2, 2}) ==
        "output 'low' of the decoder is [1, 2, 2, 2], which holds no masks of box 1");
  CHECK(problem_of({2, 2, 0, 2}, {2, 2}) ==
        "output 'low' of the decoder is [2, 2, 0, 2], which holds no masks of box 1");
  CHECK(problem_of({2, 2, 2, 2}, {1, 2}) == "output 'iou' of the decoder is [1, 2]; a number for each mask is needed");
  CHECK(problem_of({2, 2, 2, 2}, {2, 2}, ElementType::f16) == "output 'low' of the decoder is not f32");
}
