// FCOS: scores [C], distances of the four edges [4] and centreness [1] of each cell of strides 8 to 128, in outputs of
// each grid (maps or rows) or of all of them. score = sqrt(class * centreness).
// Options, as implementations differ: "distances=pixels|cells" (in units of the stride), "centre=middle|corner": the
// point that distances start from, "score=root|product", "scores=auto|probabilities|logits". Joined outputs are
// torchvision's, by default with cells and corner. Sources: Tian et al. 2019; torchvision; mmdetection.
#include <cmath>

#include "algo/heads/dense_parts.h"

namespace fluvial::heads {
namespace {

struct FcosRules {
  bool are_in_cells, is_in_middle, is_root;
};

class Fcos : public HeadDecoder {
 public:
  Fcos(const ModelSpec& spec, std::vector<DensePart> parts, std::vector<Grid> grids, FcosRules rules,
       const HeadSettings& settings)
      : parts_(std::move(parts)),
        grids_(std::move(grids)),
        rules_(rules),
        scores_(spec, "fcos"),
        thresholds_(settings) {}

  void decode(const std::vector<TensorView>& outputs, std::size_t unit, std::vector<Detection>& out) override {
    for (auto& part : parts_) part.open(outputs, unit, 1);
    const int classes = parts_.front().scores.channels();
    scores_.look_at(parts_.front().scores, 0, classes);
    for (auto& part : parts_) add(part, nullptr, out);
  }

  std::optional<RowSelection> selection() const override {
    if (!scores_.are_settled()) return std::nullopt;
    RowSelection wanted;
    for (const auto& part : parts_)
      wanted.parts.push_back(
          part.row_part(part.scores.channels(), scores_.score(enough()), 0, 4, scores_.least_score(enough())));
    return wanted;
  }

  void decode_rows(const SelectedRows& rows, std::vector<Detection>& out) override {
    for (auto& part : parts_) {
      const SelectedRows own = rows_between(rows, part.first, part.first + part.cells);
      part.open(own);
      add(part, own.numbers, out);
    }
  }

 private:
  // Of class and of centreness, as both are 1 at most.
  float enough() const { return rules_.is_root ? thresholds_.least() * thresholds_.least() : thresholds_.least(); }

  // `numbers`: of the cells, where they are not all of the part.
  void add(DensePart& part, const std::int32_t* numbers, std::vector<Detection>& out) {
    const int classes = part.scores.channels();
    part.scores.each_above(scores_.score(enough()), 0, classes, [&](std::size_t cell, const Best& best) {
      const float product = scores_.probability(best.value) * scores_.probability(part.centres->at(cell));
      const float confidence = rules_.is_root ? std::sqrt(product) : product;
      if (!(confidence >= thresholds_.of(best.index))) return;
      const std::size_t row = numbers ? static_cast<std::size_t>(numbers[cell]) : part.first + cell;
      out.push_back({best.index, confidence, box_at(part, cell, cell_at(grids_, row)), static_cast<int>(row)});
    });
  }

  Box box_at(const DensePart& part, std::size_t cell, const CellPlace& place) const {
    float edges[4];
    for (int e = 0; e < 4; ++e) edges[e] = part.boxes.at(cell, e) * (rules_.are_in_cells ? place.stride : 1);
    return place.box_around(rules_.is_in_middle ? place.stride / 2 : 0, edges);
  }

  std::vector<DensePart> parts_;
  std::vector<Grid> grids_;
  FcosRules rules_;
  Scores scores_;
  Thresholds thresholds_;
};

}  // namespace

std::unique_ptr<HeadDecoder> make_fcos(const ModelSpec& spec, const std::vector<TensorInfo>& outputs,
                                       const HeadSettings& settings) {
  const auto found = dense_outputs(outputs, spec.input.size, fcos_outputs());
  if (!found)
    refuse(
        "fcos",
        "scores [N, C, h, w], distances [N, 4, h, w] and centreness [N, 1, h, w] of each of the strides 8, 16, 32, 64 "
        "and 128, or [N, cells, C], [N, cells, 4] and [N, cells, 1] of all, " +
            std::to_string(cells_in(grids_of(spec.input.size, {8, 16, 32, 64, 128}))) + " cells at this input size",
        outputs);
  const bool is_joined = found->is_joined();
  const FcosRules rules = {
      choice(spec, "fcos", "distances", {"pixels", "cells"}, is_joined ? "cells" : "pixels") == "cells",
      choice(spec, "fcos", "centre", {"middle", "corner"}, is_joined ? "corner" : "middle") == "middle",
      choice(spec, "fcos", "score", {"root", "product"}) == "root"};
  auto grids = grids_of(spec.input.size, found->strides);
  auto parts = parts_of(outputs, *found, grids);
  return std::make_unique<Fcos>(spec, std::move(parts), std::move(grids), rules, settings);
}

}  // namespace fluvial::heads
