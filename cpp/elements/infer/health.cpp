#include "elements/infer/health.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstring>

namespace fluvial {
namespace {

constexpr int first_looks = 8;
constexpr int looks_apart = 64;

bool is_readable(const TensorView& tensor) { return tensor.type == ElementType::f32 && tensor.gpu < 0; }

bool has_no_number(const TensorView& tensor) {
  if (!is_readable(tensor)) return false;
  const auto* values = tensor.as<float>();
  const std::size_t count = element_count(tensor.shape);
  // NaN and infinity have all bits of the exponent. Of whole numbers, so that many are looked at at once.
  constexpr std::uint32_t exponent = 0x7f800000;
  std::uint32_t found = 0;
  for (std::size_t i = 0; i < count; ++i) {
    std::uint32_t bits = 0;
    std::memcpy(&bits, values + i, sizeof bits);
    found |= static_cast<std::uint32_t>((bits & exponent) == exponent);
  }
  return found != 0;
}

// Small outputs may well hold one number alone, such as labels of nothing.
constexpr std::size_t least_numbers = 64;

bool is_one_number(const TensorView& tensor) {
  const std::size_t count = element_count(tensor.shape);
  if (!is_readable(tensor) || count < least_numbers) return false;
  const auto* values = tensor.as<float>();
  return std::all_of(values, values + count, [first = values[0]](float x) { return x == first; });
}

bool is_finite(const Box& box) {
  return std::isfinite(box.left) && std::isfinite(box.top) && std::isfinite(box.width) && std::isfinite(box.height);
}

bool is_plausible(const Detection& d) {
  return is_finite(d.box) && d.box.area() > 0 && d.confidence >= 0 && d.confidence <= 1.001F;
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
  look_at_sample(outputs);
  if (!has_complained_of_numbers_) watch_constants(outputs);
}

void Health::look_at_sample(const std::vector<TensorView>& outputs) {
  if (has_complained_of_numbers_) return;
  for (const auto& tensor : outputs)
    if (has_no_number(tensor)) return complain_of_numbers("output '" + tensor.name + "' holds NaN or infinity");
}

void Health::watch_constants(const std::vector<TensorView>& outputs) {
  if (!are_constant_ || inferences_ > first_looks) return;
  are_constant_ = !outputs.empty() && std::all_of(outputs.begin(), outputs.end(), is_one_number);
  if (!are_constant_ || inferences_ != first_looks) return;
  complain_of_numbers("output '" + outputs[0].name + "' has held the same number everywhere, " +
                      std::to_string(outputs[0].as<float>()[0]) + ", for " + std::to_string(first_looks) +
                      " inferences");
}

// Boxes that are shares of the picture, read as pixels, crowd in a corner; pixels read as shares lie far outside.
void Health::watch_places(const std::vector<Detection>& found) {
  if (boxes_placed_ >= boxes_to_place) return;
  const auto width = static_cast<float>(decision_.spec.input.size.width);
  const auto height = static_cast<float>(decision_.spec.input.size.height);
  for (const auto& [class_id, confidence, box, row] : found) {
    if (!is_finite(box) || box.area() <= 0) continue;
    ++boxes_placed_;
    boxes_in_corner_ += box.left >= -1 && box.top >= -1 && box.right() < width / 16 && box.bottom() < height / 16;
    boxes_outside_ += box.left >= width || box.top >= height || box.right() <= 0 || box.bottom() <= 0;
  }
  if (boxes_placed_ < boxes_to_place) return;
  const std::string first = "the first " + std::to_string(boxes_placed_) + " boxes all lie ";
  const std::string hint = "; try the head's options (head-options, such as boxes=";
  if (boxes_in_corner_ == boxes_placed_)
    complain_(first + "in the top left corner of the picture, as shares of it do that are taken for pixels" + hint +
              "normalised), or another head");
  if (boxes_outside_ == boxes_placed_)
    complain_(first + "outside of the picture, as pixels do that are taken for shares of it" + hint +
              "pixels), or another head");
}

void Health::look_at(const std::vector<Detection>& found) {
  const auto is_odd = [](const Detection& d) { return !(d.confidence >= 0 && d.confidence <= 1.001F); };
  if (!has_complained_of_numbers_ && std::any_of(found.begin(), found.end(), is_odd))
    complain_of_numbers("scores lie outside of 0 to 1");
  watch_places(found);
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
