#include "algo/tracker_settings.h"

#include <cmath>
#include <sstream>
#include <stdexcept>
#include <type_traits>

namespace fluvial {
namespace {

template <auto Member>
constexpr bool is_whole_v = std::is_integral_v<std::decay_t<decltype(std::declval<TrackerSettings>().*Member)>>;

template <auto Member>
TrackerField field(const char* name, double low, double high) {
  using Value = std::decay_t<decltype(std::declval<TrackerSettings>().*Member)>;
  return {name,
          is_whole_v<Member>,
          low,
          high,
          [](const TrackerSettings& s) { return static_cast<double>(s.*Member); },
          [](TrackerSettings& s, double value) { s.*Member = static_cast<Value>(value); }};
}

template <float KalmanNoise::*Member>
TrackerField noise(const char* name, double low) {
  return {name,
          false,
          low,
          10,
          [](const TrackerSettings& s) { return static_cast<double>(s.noise.*Member); },
          [](TrackerSettings& s, double value) { s.noise.*Member = static_cast<float>(value); }};
}

std::string text_of(double value) {
  std::ostringstream out;
  out << value;
  return out.str();
}

}  // namespace

const std::vector<TrackerField>& tracker_fields() {
  using S = TrackerSettings;
  static const std::vector<TrackerField> fields = {
      field<&S::min_confidence>("min_confidence", 0, 1),
      field<&S::high_confidence>("high_confidence", 0, 1),
      field<&S::min_iou>("min_iou", 0, 1),
      field<&S::min_iou_low>("min_iou_low", 0, 1),
      field<&S::max_iou_new>("max_iou_new", 0, 1),
      field<&S::needs_same_class>("needs_same_class", 0, 1),
      field<&S::max_targets>("max_targets", 1, 100000),
      field<&S::probation_evidence>("probation_evidence", 0, 1000),
      field<&S::probation_frames>("probation_frames", 0, 10000),
      field<&S::early_termination_frames>("early_termination_frames", 0, 10000),
      field<&S::lost_frames>("lost_frames", 0, 100000),
      field<&S::coast_frames>("coast_frames", 0, 100000),
      field<&S::box_smoothing>("box_smoothing", 0, 1),
      field<&S::has_unique_ids>("has_unique_ids", 0, 1),
      noise<&KalmanNoise::observation>("noise_observation", 1e-4),
      noise<&KalmanNoise::place_drift>("noise_place_drift", 0),
      noise<&KalmanNoise::place_push>("noise_place_push", 0),
      noise<&KalmanNoise::size_drift>("noise_size_drift", 0),
      noise<&KalmanNoise::size_push>("noise_size_push", 0),
  };
  return fields;
}

bool TrackerField::allows(double value) const {
  return value >= low && value <= high && (!is_whole || value == std::floor(value));
}

std::string TrackerField::allowed() const {
  return (is_whole ? "a whole number from " : "") + text_of(low) + " to " + text_of(high);
}

void check(const TrackerSettings& settings) {
  for (const auto& field : tracker_fields()) {
    // A bound such as 1e-4 is not exact as a float: compare as the member stores it.
    const double value = field.get(settings);
    if (value >= static_cast<float>(field.low) && value <= static_cast<float>(field.high)) continue;
    throw std::invalid_argument(std::string("tracker: ") + field.name + " is " + text_of(value) + ", allowed is " +
                                field.allowed());
  }
}

}  // namespace fluvial
