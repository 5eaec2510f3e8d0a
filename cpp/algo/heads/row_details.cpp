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

// Cells [left, right) x [top, bottom) of the prototypes, with a cell more on each side, for what is read between two.
void set_region(MaskWish& wish, float scale_x, float scale_y, Size grid) {
  const auto low = [](float edge, float scale, int most) {
    return std::clamp(static_cast<int>(edge / scale) - 1, 0, most - 1);
  };
  const auto high = [](float edge, float scale, int least, int most) {
    return std::clamp(static_cast<int>(edge / scale) + 2, least + 1, most);
  };
  wish.left = low(wish.box.left, scale_x, grid.width);
  wish.top = low(wish.box.top, scale_y, grid.height);
  wish.right = high(wish.box.right(), scale_x, wish.left, grid.width);
  wish.bottom = high(wish.box.bottom(), scale_y, wish.top, grid.height);
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

void RowDetails::note_grid(const TensorView& prototypes) {
  if (prototypes.shape.size() == 4)
    grid_ = {static_cast<int>(prototypes.shape[3]), static_cast<int>(prototypes.shape[2])};
}

PrototypeGrid RowDetails::prototype_grid() const {
  return {columns_.coefficients, grid_, static_cast<float>(input_.width) / static_cast<float>(grid_.width),
          static_cast<float>(input_.height) / static_cast<float>(grid_.height)};
}

// Of size 0 by 0 where there is nothing to cover.
MaskWish RowDetails::wish_for(const Box& given) const {
  MaskWish wish;
  wish.box = clamp_to(given, input_);
  if (wish.box.area() <= 0 || grid_.width <= 0 || grid_.height <= 0) return wish;
  const PrototypeGrid grid = prototype_grid();
  set_region(wish, grid.scale_x, grid.scale_y, grid_);
  wish.size = {std::max(1, static_cast<int>(std::lround(wish.box.width / grid.scale_x))),
               std::max(1, static_cast<int>(std::lround(wish.box.height / grid.scale_y)))};
  return wish;
}

void RowDetails::read_all(const std::vector<const float*>& rows, const std::vector<Detection>& kept, std::size_t unit,
                          std::vector<Details>& out, MaskWishes& masks) const {
  if (columns_.coefficients > 0) masks.grid = prototype_grid();
  for (std::size_t i = 0; i < kept.size(); ++i) {
    Details& details = out.emplace_back();
    if (columns_.keypoints > 0) details.keypoints = keypoints({rows[i], 1});
    if (columns_.coefficients == 0) continue;
    MaskWish wish = wish_for(kept[i].box);
    wish.unit = unit;
    wish.coefficients = rows[i];
    details.mask.size = wish.size;
    masks.all.push_back(wish);
  }
}

Mask RowDetails::mask(RowView row, const Box& given) {
  const MaskWish wish = wish_for(given);
  const Box& box = wish.box;
  Mask mask;
  mask.size = wish.size;
  if (mask.size.width == 0) return mask;
  const PrototypeGrid grid = prototype_grid();
  const float scale_x = grid.scale_x, scale_y = grid.scale_y;
  const int width = wish.right - wish.left, height = wish.bottom - wish.top;
  logits_.assign(static_cast<std::size_t>(width) * static_cast<std::size_t>(height), 0.0F);
  for (int k = 0; k < columns_.coefficients; ++k) {
    for (int y = 0; y < height; ++y) {
      const int from = (k * grid_.height + wish.top + y) * grid_.width + wish.left;
      add_weighted(prototypes_ + from, width, row[k], logits_.data() + y * width);
    }
  }
  mask.values.reserve(static_cast<std::size_t>(mask.size.width) * static_cast<std::size_t>(mask.size.height));
  const auto place = [](float edge, float length, int i, int count, float scale, int first) {
    const float pixel = edge + length * (static_cast<float>(i) + 0.5F) / static_cast<float>(count);
    return pixel / scale - 0.5F - static_cast<float>(first);
  };
  for (int y = 0; y < mask.size.height; ++y) {
    const Between rows = between(place(box.top, box.height, y, mask.size.height, scale_y, wish.top), height);
    for (int x = 0; x < mask.size.width; ++x) {
      const Between columns = between(place(box.left, box.width, x, mask.size.width, scale_x, wish.left), width);
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
