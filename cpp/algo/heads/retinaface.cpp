// RetinaFace, faces with five landmarks, from offsets to priors: boxes [N, A, 4], scores of background and face
// [N, A, 2] and landmarks [N, A, 10], in any order. The number of priors tells whose they are (priors.h). Landmarks are
// offsets as the centre's. Some exports leave out the softmax: option "scores=auto|probabilities|logits". Source:
// biubiug6/Pytorch_Retinaface, and its smaller kin.
#include <cmath>

#include "algo/heads/settled.h"
#include "algo/heads/tensors.h"
#include "algo/priors.h"

namespace fluvial::heads {
namespace {

constexpr OffsetScale kScale{0.1F, 0.2F};
constexpr int kLandmarks = 5;

struct Places {
  std::size_t boxes = 0, scores = 0, landmarks = 0;
};

class Retinaface : public HeadDecoder {
 public:
  Retinaface(Places places, std::vector<Prior> priors, std::string scores, const HeadSettings& settings)
      : places_(places), priors_(std::move(priors)), scores_(std::move(scores)), thresholds_(settings) {}

  void decode(const std::vector<TensorView>& outputs, std::size_t unit, std::vector<Detection>& out) override {
    const auto count = static_cast<std::int64_t>(priors_.size());
    const float* scores = score_reader_.read(tensor_at(outputs, places_.scores), unit, {count, 2});
    const float* boxes = box_reader_.read(tensor_at(outputs, places_.boxes), unit, {count, 4});
    const bool are_logits = scores_ == "logits" || (scores_ == "auto" && look_like_logits(scores));
    settled_.saw(are_logits);
    for (std::size_t i = 0; i < priors_.size(); ++i) {
      const float* two = scores + 2 * i;
      const float confidence = are_logits ? sigmoid(two[1] - two[0]) : two[1];
      if (confidence >= thresholds_.of(0))
        out.push_back({0, confidence, box_from(priors_[i], boxes + 4 * i, kScale), static_cast<std::int32_t>(i)});
    }
  }

  std::optional<RowSelection> selection() const override {
    if (!settled_.is_settled()) return std::nullopt;
    const auto field = [](std::size_t output, int columns) {
      RowField f;
      f.output = output;
      f.columns = columns;
      f.inner_step = columns;
      return f;
    };
    RowField face = field(places_.scores, 2);
    face.kind = settled_.look() ? RowField::share : RowField::greatest;
    face.skipped = 0;  // background
    face.least = thresholds_.of(0) - 1e-6F;
    return RowSelection{{{1,
                          static_cast<int>(priors_.size()),
                          {face, field(places_.boxes, 4), field(places_.landmarks, 2 * kLandmarks)}}},
                        {}};
  }

  void decode_rows(const SelectedRows& rows, std::vector<Detection>& out) override {
    for (std::size_t i = 0; i < rows.count; ++i) {
      const float* row = rows.row(i);
      if (row[0] >= thresholds_.of(0))
        out.push_back({0, row[0], box_from(priors_[static_cast<std::size_t>(rows.numbers[i])], row + 2, kScale),
                       rows.numbers[i]});
    }
  }

  void describe_rows(const SelectedRows& rows, const std::vector<Detection>& kept, std::vector<Details>& out,
                     MaskWishes&) override {
    out.clear();
    for (const auto& face : kept) out.push_back({landmarks_of(face, row_numbered(rows, face.row) + 6), {}});
  }

  bool has_details() const override { return true; }

  void describe(const std::vector<TensorView>& outputs, std::size_t unit, const std::vector<Detection>& kept,
                std::vector<Details>& out) override {
    const float* all = landmark_reader_.read(tensor_at(outputs, places_.landmarks), unit,
                                             {static_cast<std::int64_t>(priors_.size()), 2 * kLandmarks});
    out.clear();
    for (const auto& face : kept)
      out.push_back({landmarks_of(face, all + 2 * kLandmarks * static_cast<std::size_t>(face.row)), {}});
  }

 private:
  // Two probabilities of one prior add up to 1.
  bool look_like_logits(const float* scores) const {
    const std::size_t step = priors_.size() / 64 + 1;
    for (std::size_t i = 0; i < priors_.size(); i += step)
      if (!(std::abs(scores[2 * i] + scores[2 * i + 1] - 1) < 0.02F)) return true;
    return false;
  }

  // They have no confidence of their own: the face's.
  std::vector<Keypoint> landmarks_of(const Detection& face, const float* offsets) const {
    const Prior& prior = priors_[static_cast<std::size_t>(face.row)];
    std::vector<Keypoint> points;
    for (std::size_t i = 0; i < kLandmarks; ++i) {
      const float* offset = offsets + 2 * i;
      points.push_back({prior.x + offset[0] * kScale.centre * prior.width,
                        prior.y + offset[1] * kScale.centre * prior.height, face.confidence});
    }
    return points;
  }

  Places places_;
  std::vector<Prior> priors_;
  std::string scores_;
  Settled<bool> settled_;  // whether scores are logits
  Thresholds thresholds_;
  FloatReader score_reader_, box_reader_, landmark_reader_;
};

}  // namespace

std::unique_ptr<HeadDecoder> make_retinaface(const ModelSpec& spec, const std::vector<TensorInfo>& outputs,
                                             const HeadSettings& settings) {
  const auto boxes = outputs_by_grid(outputs, 4);
  const auto scores = outputs_by_grid(outputs, 2);
  const auto landmarks = outputs_by_grid(outputs, 2 * kLandmarks);
  const bool have_all = outputs.size() == 3 && boxes.size() == 1 && scores.size() == 1 && landmarks.size() == 1;
  const FaceLayout* layout = have_all ? face_layout_of(cells_of(outputs[boxes[0]]), spec.input.size) : nullptr;
  if (layout == nullptr) {
    std::string counts;
    for (const auto& known : face_layouts())
      counts += (counts.empty() ? "" : " or ") + std::to_string(face_priors(known, spec.input.size).size()) + " (" +
                known.name + ")";
    refuse("retinaface",
           "boxes [N, A, 4], scores [N, A, 2] and landmarks [N, A, 10], where A at this input size is " + counts,
           outputs);
  }
  return std::make_unique<Retinaface>(Places{boxes[0], scores[0], landmarks[0]}, face_priors(*layout, spec.input.size),
                                      choice(spec, "retinaface", "scores", {"auto", "probabilities", "logits"}),
                                      settings);
}

}  // namespace fluvial::heads
