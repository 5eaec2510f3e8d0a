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
    const int classes = parts_.front().scores.channels() / in_channels_;
    scores_.look_at(parts_.front().scores, 0, classes);
    const float least = scores_.score(thresholds_.least());
    for (auto& part : parts_) {
      for (int a = 0; a < in_channels_; ++a) {
        part.scores.each_above(least, a * classes, classes, [&](std::size_t cell, const Best& best) {
          const float confidence = scores_.probability(best.value);
          if (!(confidence >= thresholds_.of(best.index))) return;
          const std::size_t row =
              part.first * kAnchors + cell * static_cast<std::size_t>(in_channels_) + static_cast<std::size_t>(a);
          float offsets[4];
          for (int i = 0; i < 4; ++i) offsets[i] = part.boxes.at(cell, 4 * a + i);
          out.push_back({best.index, confidence, box_from(anchors_[row], offsets, {}), static_cast<int>(row)});
        });
      }
    }
  }

 private:
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
