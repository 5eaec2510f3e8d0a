// GFL, as NanoDet and PicoDet have it: scores [cells, C] and, for each of the four edges of a box, a distribution over
// its distance from the cell, [cells, 4 (M + 1)], in one output [N, cells, C + 32] (NanoDet), in two of all grids, or
// in two of each grid, as rows or maps. distance = sum of i * softmax(bins)_i * stride; edges are that far from the
// cell's point. That point is the cell's middle (NanoDet, PicoDet) or its top left corner (NanoDet-Plus): option
// "centre=middle|corner". "scores=auto|probabilities|logits". Sources: Li et al. 2020; RangiLyu/nanodet;
// PaddleDetection.
#include <algorithm>
#include <cmath>

#include "algo/dense.h"
#include "algo/heads/dense_parts.h"

namespace fluvial::heads {
namespace {

class Gfl : public HeadDecoder {
 public:
  Gfl(const ModelSpec& spec, std::vector<DensePart> parts, std::vector<Grid> grids, int classes, int bins,
      int first_bin, const HeadSettings& settings)
      : parts_(std::move(parts)),
        grids_(std::move(grids)),
        classes_(classes),
        bins_(bins),
        first_bin_(first_bin),
        shift_(choice(spec, "gfl", "centre", {"middle", "corner"}) == "middle" ? 0.5F : 0),
        scores_(spec, "gfl"),
        thresholds_(settings) {}

  void decode(const std::vector<TensorView>& outputs, std::size_t unit, std::vector<Detection>& out) override {
    for (auto& part : parts_) part.open(outputs, unit, 1);
    scores_.look_at(parts_.front().scores, 0, classes_);
    for (auto& part : parts_) add(part, nullptr, first_bin_, out);
  }

  std::optional<RowSelection> selection() const override {
    if (!scores_.are_settled()) return std::nullopt;
    RowSelection wanted;
    for (const auto& part : parts_)
      wanted.parts.push_back(part.row_part(classes_, scores_.score(thresholds_.least()), first_bin_, 4 * bins_));
    return wanted;
  }

  void decode_rows(const SelectedRows& rows, std::vector<Detection>& out) override {
    for (auto& part : parts_) {
      const SelectedRows own = rows_between(rows, part.first, part.first + part.cells);
      part.open(own);
      add(part, own.numbers, 0, out);
    }
  }

 private:
  // `numbers`: of the cells, where they are not all of the part.
  void add(DensePart& part, const std::int32_t* numbers, int first_bin, std::vector<Detection>& out) {
    part.scores.each_above(scores_.score(thresholds_.least()), 0, classes_, [&](std::size_t cell, const Best& best) {
      const float confidence = scores_.probability(best.value);
      if (!(confidence >= thresholds_.of(best.index))) return;
      const std::size_t row = numbers ? static_cast<std::size_t>(numbers[cell]) : part.first + cell;
      const CellPlace place = cell_at(grids_, row);
      out.push_back({best.index, confidence, box_at(part, cell, place, first_bin), static_cast<int>(row)});
    });
  }

  // Expectation of the softmax of the bins of one edge, in cells.
  float distance(const Field& field, std::size_t cell, int first) const {
    float greatest = field.at(cell, first);
    for (int i = 1; i < bins_; ++i) greatest = std::max(greatest, field.at(cell, first + i));
    float sum = 0;
    float weighted = 0;
    for (int i = 0; i < bins_; ++i) {
      const float weight = std::exp(field.at(cell, first + i) - greatest);
      sum += weight;
      weighted += weight * static_cast<float>(i);
    }
    return weighted / sum;
  }

  Box box_at(const DensePart& part, std::size_t cell, const CellPlace& place, int first_bin) const {
    float edges[4];
    for (int e = 0; e < 4; ++e) edges[e] = distance(part.boxes, cell, first_bin + e * bins_) * place.stride;
    return place.box_around(shift_ * place.stride, edges);
  }

  std::vector<DensePart> parts_;
  std::vector<Grid> grids_;
  int classes_, bins_, first_bin_;
  float shift_;
  Scores scores_;
  Thresholds thresholds_;
};

constexpr int kBins = 8;  // of NanoDet's single output, which does not tell

}  // namespace

std::unique_ptr<HeadDecoder> make_gfl(const ModelSpec& spec, const std::vector<TensorInfo>& outputs,
                                      const HeadSettings& settings) {
  const Size size = spec.input.size;
  const auto whole = nanodet_strides(outputs, size);
  if (!whole.empty()) {
    const int columns = static_cast<int>(outputs[0].shape[2]);
    auto grids = grids_of(size, whole);
    std::vector<DensePart> parts = {{Field(0, columns), Field(0, columns), {}, 0, cells_in(grids)}};
    return std::make_unique<Gfl>(spec, std::move(parts), std::move(grids), columns - 4 * kBins, kBins,
                                 columns - 4 * kBins, settings);
  }
  const auto found = dense_outputs(outputs, size, gfl_outputs());
  if (!found)
    refuse("gfl",
           "one [N, cells, C + 32], or scores [N, cells, C] and edges [N, cells, 32 or 68] of all grids or of each; at "
           "this input size strides 8, 16, 32 are " +
               std::to_string(cells_in(grids_of(size, {8, 16, 32}))) + " cells and with 64 " +
               std::to_string(cells_in(grids_of(size, {8, 16, 32, 64}))),
           outputs);
  auto grids = grids_of(size, found->strides);
  auto parts = parts_of(outputs, *found, grids);
  const int classes = parts[0].scores.channels();
  const int bins = parts[0].boxes.channels() / 4;
  return std::make_unique<Gfl>(spec, std::move(parts), std::move(grids), classes, bins, 0, settings);
}

}  // namespace fluvial::heads
