// What inspection makes of PaddleDetection's exports, and what their inputs beside the picture are given.
#define DOCTEST_CONFIG_IMPLEMENT_WITH_MAIN
#include "inspections.h"

#include <doctest/doctest.h>

#include "algo/fixed_input.h"

using namespace fluvial;

namespace {

constexpr ElementType f32 = ElementType::f32, i32 = ElementType::i32;

// As paddle2onnx writes them.
ModelInfo paddle(const char* file, std::vector<TensorInfo> beside,
                 std::vector<TensorInfo> outputs = {{"multiclass_nms3_0.tmp_0", f32, {-1, 6}},
                                                    {"multiclass_nms3_0.tmp_2", i32, {-1}}}) {
  ModelInfo info{file, {{"image", f32, {-1, 3, 320, 416}}}, std::move(outputs), {}};
  info.inputs.insert(info.inputs.begin(), beside.begin(), beside.end());
  return info;
}

const TensorInfo scale_factor{"scale_factor", f32, {-1, 2}};
const TensorInfo im_shape{"im_shape", f32, {-1, 2}};

}  // namespace

TEST_CASE("PicoDet and PP-YOLOE with post-processing are rows, and their inputs are told that nothing was scaled") {
  const ModelSpec spec = inspect(paddle("picodet_s_320_coco.onnx", {scale_factor}));
  CHECK(spec.head == Head::rows);
  CHECK(spec.options.at("columns") == "class,score,box");
  CHECK_FALSE(spec.needs_nms);
  CHECK(spec.input.offset[0] == doctest::Approx(123.675));
  CHECK_FALSE(spec.input.keeps_aspect);
  CHECK(spec.labels.size() == 80);
  REQUIRE(spec.fixed_inputs.size() == 1);
  CHECK(spec.fixed_inputs[0].name == "scale_factor");
  CHECK(spec.fixed_inputs[0].values == std::vector<float>{1, 1});
  CHECK(has(evidence_of(spec), "input scale_factor f32[?,2] -> is given 1 and 1, so that boxes come in pixels"));

  const ModelSpec plus = inspect(
      paddle("ppyoloe_plus_crn_s.onnx", {im_shape, scale_factor},
             {{"save_infer_model/scale_0.tmp_0", f32, {-1, 6}}, {"save_infer_model/scale_1.tmp_0", i32, {-1}}}));
  CHECK(plus.input.scale[0] == doctest::Approx(1 / 255.0));
  CHECK(plus.input.offset[0] == 0);
  REQUIRE(plus.fixed_inputs.size() == 2);
  CHECK(plus.fixed_inputs[0].name == "im_shape");
  CHECK(plus.fixed_inputs[0].values == std::vector<float>{320, 416});
}

TEST_CASE("colours of a PaddleDetection model whose file is named as nobody's are asked for") {
  CHECK(has(refusal(paddle("model.onnx", {scale_factor})), "it looks like head rows, but nothing tells the order of"));
}

TEST_CASE("PaddleDetection's boxes before suppression are refused with what to export") {
  const std::string text =
      refusal(paddle("picodet.onnx", {scale_factor}, {{"boxes", f32, {-1, 2125, 4}}, {"scores", f32, {-1, 80, 2125}}}));
  CHECK(has(text, "it looks like PaddleDetection's boxes [N,A,4] and scores [N,C,A] without suppression"));
  CHECK(has(text, "exclude_nms=False"));
}

TEST_CASE("an input that is none of those is refused by name") {
  CHECK(has(refusal(paddle("picodet.onnx", {{"scale_factor", f32, {-1, 3}}})), "input 'scale_factor' is neither"));
  CHECK(has(refusal(paddle("picodet.onnx", {{"scale_factor", ElementType::f16, {-1, 2}}})), "input 'scale_factor' is"));
}

TEST_CASE("fixed numbers are written for every picture, in the type of the input") {
  const FixedInput sizes = fixed_input({"orig_target_sizes", ElementType::i64, {-1, 2}}, {416, 320});
  std::int64_t wide[6] = {};
  write_fixed(sizes, 3, {"", ElementType::i64, {3, 2}, wide});
  for (int i = 0; i < 6; ++i) CHECK(wide[i] == (i % 2 == 0 ? 416 : 320));
  const FixedInput shape = fixed_input(im_shape, {416, 320});
  float floats[4] = {};
  write_fixed(shape, 2, {"", f32, {2, 2}, floats});
  CHECK(floats[2] == 320);
  CHECK(floats[3] == 416);
  std::int32_t narrow[2] = {};
  write_fixed(shape, 1, {"", i32, {1, 2}, narrow});
  CHECK(narrow[0] == 320);
}
