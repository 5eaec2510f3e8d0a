#include "elements/infer/health.h"

#include <algorithm>
#include <cmath>

namespace fluvial {
namespace {

constexpr int first_looks = 8;
constexpr int looks_apart = 64;

bool has_no_number(const TensorView& tensor) {
  if (tensor.type != ElementType::f32) return false;
  const auto* values = tensor.as<float>();
  const std::size_t count = element_count(tensor.shape);
  // x - x is 0 but for NaN and infinity: adding them up needs no branch for each.
  float sum = 0;
  for (std::size_t i = 0; i < count; ++i) sum += values[i] - values[i];
  return sum != 0;
}

bool is_plausible(const Detection& d) {
  const bool is_finite = std::isfinite(d.box.left) && std::isfinite(d.box.top) && std::isfinite(d.box.width) &&
                         std::isfinite(d.box.height);
  return is_finite && d.box.area() > 0 && d.confidence >= 0 && d.confidence <= 1.001F;
}

}  // namespace

void Health::complain_of_numbers(const std::string& what) {
  if (has_complained_of_numbers_) return;
  has_complained_of_numbers_ = true;
  complain_(what +
            "; the model may be damaged, or its head, net-scale-factor, offsets or precision are not what it needs");
}

void Health::look_at(const std::vector<TensorView>& outputs) {
  const int number = inferences_++;
  if (inferences_ > 1000000000) inferences_ = looks_apart;
  if (has_complained_of_numbers_ || (number >= first_looks && number % looks_apart != 0)) return;
  for (const auto& tensor : outputs)
    if (has_no_number(tensor)) return complain_of_numbers("output '" + tensor.name + "' holds NaN or infinity");
}

void Health::look_at(const std::vector<Detection>& found) {
  const auto is_odd = [](const Detection& d) { return !(d.confidence >= 0 && d.confidence <= 1.001F); };
  if (!has_complained_of_numbers_ && std::any_of(found.begin(), found.end(), is_odd))
    complain_of_numbers("scores lie outside of 0 to 1");
  if (has_seen_box_) return;
  has_seen_box_ = std::any_of(found.begin(), found.end(), is_plausible);
  if (has_seen_box_ || ++empty_frames_ != frames_without_boxes) return;
  const auto& input = decision_.spec.input;
  complain_("no plausible box in the first " + std::to_string(frames_without_boxes) +
            " frames. If there is something to see, try a lower threshold (pre-cluster-threshold), the other order of "
            "colours (model-color-format, now " +
            std::string(input.color == ColorOrder::bgr ? "1 BGR" : "0 RGB") +
            "), or another range (net-scale-factor, now " + std::to_string(input.scale[0]) + ")");
  has_seen_box_ = true;  // said once
}

}  // namespace fluvial
