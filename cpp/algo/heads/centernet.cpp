// CenterNet: a map of peaks for each class [N, C, h, w], sizes [N, 2, h, w] and, often, offsets [N, 2, h, w]. What no
// neighbour exceeds is an object, so nms is not needed: centre = (cell + offset, or half a cell) * stride, size =
// size * stride. Option "scores=auto|probabilities|logits". Source: xingyizhou/CenterNet.
#include <algorithm>

#include "algo/dense.h"
#include "algo/heads/field.h"

namespace fluvial::heads {
namespace {

class Centernet : public HeadDecoder {
 public:
  Centernet(const ModelSpec& spec, Size map, int classes, const CenterOutputs& places, const HeadSettings& settings)
      : map_(map),
        stride_x_(static_cast<float>(spec.input.size.width) / static_cast<float>(map.width)),
        stride_y_(static_cast<float>(spec.input.size.height) / static_cast<float>(map.height)),
        peaks_(places.peaks, classes),
        sizes_(places.sizes, 2),
        scores_(spec, "centernet"),
        thresholds_(settings) {
    if (places.offsets) offsets_.emplace(*places.offsets, 2);
  }

  void decode(const std::vector<TensorView>& outputs, std::size_t unit, std::vector<Detection>& out) override {
    const auto cells = static_cast<std::size_t>(map_.width) * static_cast<std::size_t>(map_.height);
    peaks_.open(outputs, unit, cells);
    sizes_.open(outputs, unit, cells);
    if (offsets_) offsets_->open(outputs, unit, cells);
    scores_.look_at(peaks_, 0, peaks_.channels());
    for (int c = 0; c < peaks_.channels(); ++c) {
      const float least = scores_.score(thresholds_.of(c));
      for (std::size_t cell = 0; cell < cells; ++cell) {
        const float score = peaks_.at(cell, c);
        const auto neighbour = [&](int at) { return peaks_.at(static_cast<std::size_t>(at), c); };
        if (score >= least && is_peak(cell, score, neighbour)) add(cell, cell, c, score, out);
      }
    }
  }

  // A row is a cell of a class.
  std::optional<RowSelection> selection() const override {
    if (!scores_.are_settled()) return std::nullopt;
    RowPart part{peaks_.channels(), map_.width * map_.height, {}};
    part.fields = {peaks_.row_field(0, 1, RowField::values, scores_.score(thresholds_.least())),
                   sizes_.row_field(0, 2)};
    part.fields[0].outer_step = part.fields[0].column_step;
    if (offsets_) part.fields.push_back(offsets_->row_field(0, 2));
    return RowSelection{{part}, {}};
  }

  // What exceeds a peak has come back too.
  void decode_rows(const SelectedRows& rows, std::vector<Detection>& out) override {
    sizes_.open(rows, 1, RowField::values);
    if (offsets_) offsets_->open(rows, 3, RowField::values);
    const int cells = map_.width * map_.height;
    for (std::size_t i = 0; i < rows.count; ++i) {
      const int c = rows.numbers[i] / cells;
      const float score = rows.row(i)[0];
      const auto neighbour = [&](int at) {
        const auto* end = rows.numbers + rows.count;
        const auto* found = std::lower_bound(rows.numbers, end, c * cells + at);
        const bool is_there = found != end && *found == c * cells + at;
        return is_there ? rows.row(static_cast<std::size_t>(found - rows.numbers))[0] : any_value;
      };
      const auto cell = static_cast<std::size_t>(rows.numbers[i] % cells);
      if (score >= scores_.score(thresholds_.of(c)) && is_peak(cell, score, neighbour)) add(i, cell, c, score, out);
    }
  }

 private:
  template <typename Neighbour>
  bool is_peak(std::size_t cell, float score, Neighbour neighbour) const {
    const int x = static_cast<int>(cell) % map_.width;
    const int y = static_cast<int>(cell) / map_.width;
    for (int v = std::max(0, y - 1); v <= std::min(map_.height - 1, y + 1); ++v)
      for (int u = std::max(0, x - 1); u <= std::min(map_.width - 1, x + 1); ++u)
        if (neighbour(v * map_.width + u) > score) return false;
    return true;
  }

  // `i`: where its size stands.
  void add(std::size_t i, std::size_t cell, int c, float score, std::vector<Detection>& out) const {
    out.push_back({c, scores_.probability(score), box_at(i, cell), static_cast<int>(cell)});
  }

  Box box_at(std::size_t i, std::size_t cell) const {
    const auto x = static_cast<float>(static_cast<int>(cell) % map_.width);
    const auto y = static_cast<float>(static_cast<int>(cell) / map_.width);
    const float width = sizes_.at(i, 0) * stride_x_;
    const float height = sizes_.at(i, 1) * stride_y_;
    const float dx = offsets_ ? offsets_->at(i, 0) : 0.5F;
    const float dy = offsets_ ? offsets_->at(i, 1) : 0.5F;
    return {(x + dx) * stride_x_ - width / 2, (y + dy) * stride_y_ - height / 2, width, height};
  }

  Size map_;
  float stride_x_, stride_y_;
  Field peaks_, sizes_;
  std::optional<Field> offsets_;
  Scores scores_;
  Thresholds thresholds_;
};

constexpr int kUsualStride = 4;  // of maps that leave their size open

}  // namespace

std::unique_ptr<HeadDecoder> make_centernet(const ModelSpec& spec, const std::vector<TensorInfo>& outputs,
                                            const HeadSettings& settings) {
  const auto places = center_outputs(outputs);
  if (!places)
    refuse("centernet", "maps of peaks [N, C, h, w], sizes [N, 2, h, w] and perhaps offsets [N, 2, h, w]", outputs);
  const Shape& s = outputs[places->peaks].shape;
  const Size map = {s[3] > 0 ? static_cast<int>(s[3]) : spec.input.size.width / kUsualStride,
                    s[2] > 0 ? static_cast<int>(s[2]) : spec.input.size.height / kUsualStride};
  return std::make_unique<Centernet>(spec, map, static_cast<int>(s[1]), *places, settings);
}

}  // namespace fluvial::heads
