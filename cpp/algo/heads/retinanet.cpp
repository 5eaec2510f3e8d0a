// RetinaNet: scores and offsets of nine anchors in each cell of strides 8 to 128, in outputs of each grid ([N, 9 C, h,
// w] and [N, 36, h, w]) or of all of them ([N, A, C] and [N, A, 4]). Anchors as in the paper (priors.h). Options, as
// implementations differ: "anchors=paper|torchvision" (whole pixels; the default of joined outputs),
// "order=ratios|scales": which of the two changes slowest, "centre=corner|middle": where in its cell an anchor lies,
// "scores=auto|probabilities|logits". Sources: Lin et al. 2017; torchvision; mmdetection (ratios, corner); detectron2
// (scales, corner).
#include "algo/heads/dense_parts.h"
#include "algo/priors.h"

namespace fluvial::heads {
namespace {

constexpr int kAnchors = 9;

class Retinanet : public HeadDecoder {
 public:
  Retinanet(const ModelSpec& spec, std::vector<DensePart> parts, std::vector<Prior> anchors, bool is_joined,
            const HeadSettings& settings)
      : parts_(std::move(parts)),
        anchors_(std::move(anchors)),
        in_channels_(is_joined ? 1 : kAnchors),
        scores_(spec, "retinanet"),
        thresholds_(settings) {}

  void decode(const std::vector<TensorView>& outputs, std::size_t unit, std::vector<Detection>& out) override {
    for (auto& part : parts_) part.open(outputs, unit, static_cast<std::size_t>(kAnchors / in_channels_));
    scores_.look_at(parts_.front().scores, 0, classes());
    for (auto& part : parts_) {
      for (int a = 0; a < in_channels_; ++a) {
        each_above(part, a * classes(), [&](std::size_t cell, const Best& best, float confidence) {
          const std::size_t row = row_of(part, static_cast<std::size_t>(a), cell);
          add(part, cell, 4 * a, {best.index, confidence, {}, static_cast<int>(row)}, out);
        });
      }
    }
  }

  // A row is an anchor; those of one place in their cells come one after the other.
  std::optional<RowSelection> selection() const override {
    if (!scores_.are_settled()) return std::nullopt;
    RowSelection wanted;
    for (const auto& part : parts_) {
      RowPart rows = part.row_part(classes(), scores_.score(thresholds_.least()), 0, 4);
      rows.outer_count = in_channels_;
      rows.inner_count = static_cast<int>(inner_count(part));
      rows.fields[0].outer_step = classes() * rows.fields[0].column_step;
      rows.fields[1].outer_step = 4 * rows.fields[1].column_step;
      wanted.parts.push_back(std::move(rows));
    }
    return wanted;
  }

  void decode_rows(const SelectedRows& rows, std::vector<Detection>& out) override {
    for (auto& part : parts_) {
      const std::size_t first = part.first * kAnchors;
      const SelectedRows own = rows_between(rows, first, first + part.cells * kAnchors);
      part.open(own);
      each_above(part, 0, [&](std::size_t i, const Best& best, float confidence) {
        const std::size_t within = static_cast<std::size_t>(own.numbers[i]) - first;
        const std::size_t row = row_of(part, within / inner_count(part), within % inner_count(part));
        add(part, i, 0, {best.index, confidence, {}, static_cast<int>(row)}, out);
      });
    }
  }

 private:
  int classes() const { return parts_.front().scores.channels() / in_channels_; }
  // Rows of the output, in each of which are `in_channels_` anchors.
  std::size_t inner_count(const DensePart& part) const {
    return part.cells * static_cast<std::size_t>(kAnchors / in_channels_);
  }
  std::size_t row_of(const DensePart& part, std::size_t anchor, std::size_t cell) const {
    return part.first * kAnchors + cell * static_cast<std::size_t>(in_channels_) + anchor;
  }

  template <typename Found>
  void each_above(DensePart& part, int first, Found found) {
    part.scores.each_above(scores_.score(thresholds_.least()), first, classes(), [&](std::size_t i, const Best& best) {
      const float confidence = scores_.probability(best.value);
      if (confidence >= thresholds_.of(best.index)) found(i, best, confidence);
    });
  }

  void add(const DensePart& part, std::size_t cell, int channel, Detection found, std::vector<Detection>& out) const {
    float offsets[4];
    for (int i = 0; i < 4; ++i) offsets[i] = part.boxes.at(cell, channel + i);
    found.box = box_from(anchors_[static_cast<std::size_t>(found.row)], offsets, {});
    out.push_back(found);
  }

  std::vector<DensePart> parts_;
  std::vector<Prior> anchors_;
  int in_channels_;  // anchors side by side in the channels of a cell; else each has a row
  Scores scores_;
  Thresholds thresholds_;
};

}  // namespace

std::unique_ptr<HeadDecoder> make_retinanet(const ModelSpec& spec, const std::vector<TensorInfo>& outputs,
                                            const HeadSettings& settings) {
  const auto found = dense_outputs(outputs, spec.input.size, retinanet_outputs());
  if (!found || (!found->is_joined() && channels_of(outputs[found->scores[0]]) % kAnchors != 0))
    refuse("retinanet",
           "scores [N, 9 C, h, w] and offsets [N, 36, h, w] of each of the strides 8, 16, 32, 64 and 128, or [N, A, C] "
           "and [N, A, 4] of all, " +
               std::to_string(kAnchors * cells_in(grids_of(spec.input.size, {8, 16, 32, 64, 128}))) +
               " anchors at this input size",
           outputs);
  const bool is_joined = found->is_joined();
  RetinaAnchors layout;
  layout.are_whole =
      choice(spec, "retinanet", "anchors", {"paper", "torchvision"}, is_joined ? "torchvision" : "paper") != "paper";
  layout.are_scales_outside = choice(spec, "retinanet", "order", {"ratios", "scales"}) == "scales";
  layout.is_in_middle = choice(spec, "retinanet", "centre", {"corner", "middle"}) == "middle";
  const auto grids = grids_of(spec.input.size, found->strides);
  return std::make_unique<Retinanet>(spec, parts_of(outputs, *found, grids), retina_anchors(grids, layout), is_joined,
                                     settings);
}

}  // namespace fluvial::heads
