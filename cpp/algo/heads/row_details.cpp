// Masks as in YOLACT, whose way YOLO's segmentations go: the logits over a box are the prototypes' sum, weighted by the
// row's coefficients. They are added up over the box alone, and read from there in between the prototypes' cells.
#include "algo/heads/row_details.h"

#include <algorithm>
#include <cmath>
#include <stdexcept>

#include "algo/heads/between.h"
#include "algo/letterbox.h"
#include "algo/simd.h"

namespace fluvial::heads {
namespace {

// Cells [left, right) x [top, bottom) of the prototypes.
struct Region {
  int left, top, right, bottom;
  int width() const { return right - left; }
  int height() const { return bottom - top; }
};

// With a cell more on each side, for what is read between two.
Region region_of(const Box& box, float scale_x, float scale_y, Size grid) {
  const auto low = [](float edge, float scale, int most) {
    return std::clamp(static_cast<int>(edge / scale) - 1, 0, most - 1);
  };
  const auto high = [](float edge, float scale, int least, int most) {
    return std::clamp(static_cast<int>(edge / scale) + 2, least + 1, most);
  };
  Region region{low(box.left, scale_x, grid.width), low(box.top, scale_y, grid.height), 0, 0};
  region.right = high(box.right(), scale_x, region.left, grid.width);
  region.bottom = high(box.bottom(), scale_y, region.top, grid.height);
  return region;
}

FLUVIAL_SIMD
void add_weighted(const float* from, int count, float weight, float* sum) {
  for (int i = 0; i < count; ++i) sum[i] += weight * from[i];
}

[[noreturn]] void refuse_keypoints(const char* head, const std::string& word) {
  throw std::invalid_argument(std::string("head ") + head + ": option keypoints=" + word +
                              "; allowed are COUNTx2 and COUNTx3, such as 17x3");
}

}  // namespace

DetailColumns detail_columns(const char* head, const ModelSpec& spec, const TensorInfo* prototypes) {
  DetailColumns columns;
  if (prototypes != nullptr && prototypes->shape[1] < 1)
    refuse(head, "prototypes [N, M, h, w] of a known M", {*prototypes});
  if (prototypes != nullptr) columns.coefficients = static_cast<int>(prototypes->shape[1]);
  const std::string word = option(spec, "keypoints", "0");
  if (word == "0") return columns;
  const std::size_t cross = word.find('x');
  const bool is_number = cross > 0 && cross < 4 && word.find_first_not_of("0123456789") == cross;
  const std::string width = is_number ? word.substr(cross + 1) : "";
  if (width != "2" && width != "3") refuse_keypoints(head, word);
  columns.keypoints = std::stoi(word);
  columns.keypoint_width = std::stoi(width);
  return columns;
}

void RowDetails::begin(const TensorView* prototypes, std::size_t unit) {
  if (columns_.coefficients == 0) return;
  prototypes_ = reader_.read(*prototypes, unit, {columns_.coefficients, -1, -1});
  grid_ = {static_cast<int>(prototypes->shape[3]), static_cast<int>(prototypes->shape[2])};
}

Details RowDetails::read(RowView row, const Box& box) {
  Details details;
  if (columns_.coefficients > 0) details.mask = mask(row, box);
  if (columns_.keypoints > 0) details.keypoints = keypoints(row);
  return details;
}

std::vector<Keypoint> RowDetails::keypoints(RowView row) const {
  std::vector<Keypoint> points;
  points.reserve(static_cast<std::size_t>(columns_.keypoints));
  for (int i = 0; i < columns_.keypoints; ++i) {
    const int at = columns_.coefficients + i * columns_.keypoint_width;
    points.push_back({row[at], row[at + 1], columns_.keypoint_width == 3 ? row[at + 2] : 1.0F});
  }
  return points;
}

Mask RowDetails::mask(RowView row, const Box& given) {
  const Box box = clamp_to(given, input_);
  if (box.area() <= 0 || grid_.width <= 0 || grid_.height <= 0) return {};
  const float scale_x = static_cast<float>(input_.width) / static_cast<float>(grid_.width);
  const float scale_y = static_cast<float>(input_.height) / static_cast<float>(grid_.height);
  const Region region = region_of(box, scale_x, scale_y, grid_);
  const int width = region.width();
  logits_.assign(static_cast<std::size_t>(width) * static_cast<std::size_t>(region.height()), 0.0F);
  for (int k = 0; k < columns_.coefficients; ++k) {
    for (int y = 0; y < region.height(); ++y) {
      const int from = (k * grid_.height + region.top + y) * grid_.width + region.left;
      add_weighted(prototypes_ + from, width, row[k], logits_.data() + y * width);
    }
  }
  Mask mask;
  mask.size = {std::max(1, static_cast<int>(std::lround(box.width / scale_x))),
               std::max(1, static_cast<int>(std::lround(box.height / scale_y)))};
  mask.values.reserve(static_cast<std::size_t>(mask.size.width) * static_cast<std::size_t>(mask.size.height));
  const auto place = [](float edge, float length, int i, int count, float scale, int first) {
    const float pixel = edge + length * (static_cast<float>(i) + 0.5F) / static_cast<float>(count);
    return pixel / scale - 0.5F - static_cast<float>(first);
  };
  for (int y = 0; y < mask.size.height; ++y) {
    const Between rows = between(place(box.top, box.height, y, mask.size.height, scale_y, region.top), region.height());
    for (int x = 0; x < mask.size.width; ++x) {
      const Between columns = between(place(box.left, box.width, x, mask.size.width, scale_x, region.left), width);
      const auto logit = [&](int r) {
        return mix(logits_[static_cast<std::size_t>(r * width + columns.low)],
                   logits_[static_cast<std::size_t>(r * width + columns.high)], columns.share);
      };
      mask.values.push_back(sigmoid(mix(logit(rows.low), logit(rows.high), rows.share)));
    }
  }
  return mask;
}

}  // namespace fluvial::heads
