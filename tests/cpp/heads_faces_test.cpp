// Faces with landmarks against the families' formulas, written down slowly.
#define DOCTEST_CONFIG_IMPLEMENT_WITH_MAIN
#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <stdexcept>

#include "algo/heads/head.h"
#include "selected_rows.h"
#include "tensors.h"

using namespace fluvial;
using namespace testing;

namespace {

constexpr Size kSize{96, 64};

struct Face {
  Detection detection;
  std::vector<Keypoint> landmarks;
};

void check_faces(HeadDecoder& head, const std::vector<TensorView>& outputs, std::size_t unit,
                 const std::vector<Face>& expected) {
  std::vector<Detection> found, wanted;
  for (const auto& face : expected) wanted.push_back(face.detection);
  head.decode(outputs, unit, found);
  check_same(found, wanted);
  REQUIRE(head.has_details());
  check_selection(head, outputs, unit);
  // Suppression changes the order and leaves some out.
  std::reverse(found.begin(), found.end());
  found.pop_back();
  std::vector<Details> details(7);
  head.describe(outputs, unit, found, details);
  REQUIRE(details.size() == found.size());
  for (std::size_t i = 0; i < details.size(); ++i) {
    const Face& face = expected[expected.size() - 1 - i];
    REQUIRE(details[i].keypoints.size() == face.landmarks.size());
    for (std::size_t k = 0; k < face.landmarks.size(); ++k) {
      CHECK(std::abs(details[i].keypoints[k].x - face.landmarks[k].x) < kTolerance);
      CHECK(std::abs(details[i].keypoints[k].y - face.landmarks[k].y) < kTolerance);
      CHECK(details[i].keypoints[k].confidence == found[i].confidence);
    }
  }
}

// --- YuNet: four tensors for each stride, 8, 16, 32

std::vector<Floats> yunet_tensors(std::mt19937& random) {
  std::vector<Floats> tensors;
  const std::pair<const char*, int> parts[] = {{"cls_", 1}, {"obj_", 1}, {"bbox_", 4}, {"kps_", 10}};
  for (const auto& [name, columns] : parts) {
    for (int stride : {8, 16, 32}) {
      tensors.push_back(floats((name + std::to_string(stride)).c_str(),
                               {2, (kSize.width / stride) * (kSize.height / stride), columns}));
      const bool is_score = columns == 1;
      fill(tensors.back(), random, is_score ? -0.1F : -2, is_score ? 1.1F : 2);
    }
  }
  return tensors;
}

std::vector<Face> slow_yunet(const std::vector<Floats>& tensors, std::size_t unit, float threshold) {
  std::vector<Face> faces;
  for (std::size_t level = 0; level < 3; ++level) {
    const int stride = 8 << level;
    const int columns = kSize.width / stride;
    const int cells = columns * (kSize.height / stride);
    for (int cell = 0; cell < cells; ++cell) {
      const auto at = [&](std::size_t part, int column) {
        const auto& t = tensors[3 * part + level];
        return double(t.data[(unit * static_cast<std::size_t>(cells) + static_cast<std::size_t>(cell)) *
                                 static_cast<std::size_t>(t.shape[2]) +
                             static_cast<std::size_t>(column)]);
      };
      const double score = std::sqrt(std::clamp(at(0, 0), 0.0, 1.0) * std::clamp(at(1, 0), 0.0, 1.0));
      if (score < threshold) continue;
      const int x = cell % columns;
      const int y = cell / columns;
      const double w = std::exp(at(2, 2)) * stride;
      const double h = std::exp(at(2, 3)) * stride;
      Face face;
      face.detection = {
          0,
          static_cast<float>(score),
          {static_cast<float>((at(2, 0) + x) * stride - w / 2), static_cast<float>((at(2, 1) + y) * stride - h / 2),
           static_cast<float>(w), static_cast<float>(h)}};
      for (int k = 0; k < 5; ++k)
        face.landmarks.push_back(
            {static_cast<float>((at(3, 2 * k) + x) * stride), static_cast<float>((at(3, 2 * k + 1) + y) * stride), 0});
      faces.push_back(face);
    }
  }
  return faces;
}

std::vector<TensorInfo> infos_of(const std::vector<Floats>& tensors) {
  std::vector<TensorInfo> infos;
  for (const auto& tensor : tensors) infos.push_back(tensor.info());
  return infos;
}

std::vector<TensorView> views_of(std::vector<Floats>& tensors) {
  std::vector<TensorView> views;
  for (auto& tensor : tensors) views.push_back(tensor.view());
  return views;
}

}  // namespace

TEST_CASE("yunet multiplies two scores, and finds its tensors by shape, by name and in any order") {
  std::mt19937 random(21);
  auto tensors = yunet_tensors(random);
  const auto expected = slow_yunet(tensors, 1, 0.6F);
  const HeadSettings settings{0.6F, {}};
  const auto known = infos_of(tensors);
  check_faces(*make_head(spec_of(Head::yunet, kSize), known, settings), views_of(tensors), 1, expected);
  // Open numbers of cells: then the numbers at the end of the names tell, else the order.
  auto open = known;
  for (auto& info : open) info.shape[1] = -1;
  check_faces(*make_head(spec_of(Head::yunet, kSize), open, settings), views_of(tensors), 1, expected);
  for (std::size_t i = 0; i < open.size(); ++i) open[i].name = "output" + std::to_string(i);
  check_faces(*make_head(spec_of(Head::yunet, kSize), open, settings), views_of(tensors), 1, expected);
  auto backwards = tensors;
  std::reverse(backwards.begin(), backwards.end());
  check_faces(*make_head(spec_of(Head::yunet, kSize), infos_of(backwards), settings), views_of(backwards), 1, expected);
}

TEST_CASE("yunet refuses tensors of another picture size, before and while it runs") {
  std::mt19937 random(22);
  auto tensors = yunet_tensors(random);
  CHECK_THROWS_AS(make_head(spec_of(Head::yunet, {128, 64}), infos_of(tensors)), std::invalid_argument);
  auto open = infos_of(tensors);
  for (auto& info : open) info.shape[1] = -1;
  const auto head = make_head(spec_of(Head::yunet, {128, 64}), open);
  std::vector<Detection> found;
  CHECK_THROWS_WITH_AS(head->decode(views_of(tensors), 0, found),
                       "output 'cls_8' f32[2,96,1]: each unit must be [128,1]", std::runtime_error);
}

// --- RetinaFace

namespace {

struct FaceTensors {
  Floats boxes, scores, landmarks;
};

FaceTensors retinaface_tensors(std::int64_t count, bool are_logits, std::mt19937& random) {
  FaceTensors t{floats("bbox", {2, count, 4}), floats("conf", {2, count, 2}), floats("landms", {2, count, 10})};
  fill(t.boxes, random, -2, 2);
  fill(t.landmarks, random, -3, 3);
  fill(t.scores, random, are_logits ? -3 : 0, are_logits ? 3 : 1);
  for (std::size_t i = 0; !are_logits && i < t.scores.data.size(); i += 2) t.scores.data[i] = 1 - t.scores.data[i + 1];
  return t;
}

std::vector<Face> slow_retinaface(const FaceTensors& t, const std::vector<std::vector<int>>& sizes, bool are_logits,
                                  std::size_t unit, float threshold) {
  std::vector<Face> faces;
  std::size_t row = unit * static_cast<std::size_t>(t.boxes.shape[1]);
  for (std::size_t level = 0; level < sizes.size(); ++level) {
    const int stride = 8 << level;
    for (int y = 0; y < (kSize.height + stride - 1) / stride; ++y) {
      for (int x = 0; x < (kSize.width + stride - 1) / stride; ++x) {
        for (int size : sizes[level]) {
          const float* b = t.boxes.data.data() + 4 * row;
          const float* s = t.scores.data.data() + 2 * row;
          const float* l = t.landmarks.data.data() + 10 * row;
          ++row;
          const double score = are_logits ? std::exp(s[1]) / (std::exp(s[0]) + std::exp(s[1])) : double(s[1]);
          if (score < threshold) continue;
          const double cx = (x + 0.5) * stride;
          const double cy = (y + 0.5) * stride;
          const double w = size * std::exp(0.2 * b[2]);
          const double h = size * std::exp(0.2 * b[3]);
          Face face;
          face.detection = {
              0,
              static_cast<float>(score),
              {static_cast<float>(cx + 0.1 * b[0] * size - w / 2), static_cast<float>(cy + 0.1 * b[1] * size - h / 2),
               static_cast<float>(w), static_cast<float>(h)}};
          for (int k = 0; k < 5; ++k)
            face.landmarks.push_back({static_cast<float>(cx + 0.1 * l[2 * k] * size),
                                      static_cast<float>(cy + 0.1 * l[2 * k + 1] * size), 0});
          faces.push_back(face);
        }
      }
    }
  }
  return faces;
}

}  // namespace

TEST_CASE("retinaface adds offsets to the priors that their number tells of") {
  std::mt19937 random(23);
  const std::vector<std::vector<int>> usual = {{16, 32}, {64, 128}, {256, 512}};
  const std::vector<std::vector<int>> slim = {{10, 16, 24}, {32, 48}, {64, 96}, {128, 192, 256}};
  const std::pair<std::int64_t, std::vector<std::vector<int>>> layouts[] = {
      {2 * (12 * 8 + 6 * 4 + 3 * 2), usual}, {3 * 12 * 8 + 2 * 6 * 4 + 2 * 3 * 2 + 3 * 2 * 1, slim}};
  for (const auto& [count, sizes] : layouts) {
    for (bool are_logits : {false, true}) {
      FaceTensors t = retinaface_tensors(count, are_logits, random);
      const auto head = make_head(spec_of(Head::retinaface, kSize),
                                  {t.scores.info(), t.landmarks.info(), t.boxes.info()}, {0.8F, {}});
      check_faces(*head, {t.scores.view(), t.landmarks.view(), t.boxes.view()}, 1,
                  slow_retinaface(t, sizes, are_logits, 1, 0.8F));
    }
  }
}

TEST_CASE("retinaface says how many priors it knows of, and which words its option takes") {
  const std::vector<TensorInfo> outputs = {{"loc", ElementType::f32, {1, 99, 4}},
                                           {"conf", ElementType::f32, {1, 99, 2}},
                                           {"landms", ElementType::f32, {1, 99, 10}}};
  CHECK_THROWS_WITH_AS(
      make_head(spec_of(Head::retinaface, kSize), outputs),
      "head retinaface: found loc f32[1,99,4], conf f32[1,99,2], landms f32[1,99,10]; needs boxes [N, A, 4], scores "
      "[N, "
      "A, 2] and landmarks [N, A, 10], where A at this input size is 252 (RetinaFace) or 354 (the slim and RFB nets of "
      "1 MB)",
      std::invalid_argument);
  ModelSpec spec = spec_of(Head::retinaface, kSize);
  spec.options["scores"] = "odd";
  auto fitting = outputs;
  for (auto& info : fitting) info.shape[1] = 252;
  CHECK_THROWS_WITH_AS(make_head(spec, fitting),
                       "head retinaface: option scores=odd; allowed are auto, probabilities and logits",
                       std::invalid_argument);
}
