#include "algo/heads/places.h"

#include <string>

#include "algo/families/shapes.h"

namespace fluvial {
namespace {

// The first output that the question is true of.
template <typename Question>
std::optional<std::size_t> first(const std::vector<TensorInfo>& outputs, Question is_it) {
  for (std::size_t i = 0; i < outputs.size(); ++i)
    if (is_it(outputs[i].name, outputs[i].shape)) return i;
  return std::nullopt;
}

// TensorFlow's detectors give what they chose from, too.
bool is_chosen(const std::string& name) { return !names_any(name, {"raw", "multiclass", "anchor"}); }

bool is_label(const TensorInfo& output) { return is_integer(output) || names_any(output.name, {"label", "class"}); }

}  // namespace

std::optional<CountedPlaces> counted_places(const std::vector<TensorInfo>& outputs) {
  const auto of_rank_2 = [&](const char* word) {
    return first(outputs, [&](const std::string& name, const Shape& shape) {
      return is_chosen(name) && names_any(name, {word}) && shape.size() == 2;
    });
  };
  const auto count = first(outputs, [](const std::string& name, const Shape& shape) {
    return names_any(name, {"num_det"}) && (shape.size() == 1 || (shape.size() == 2 && shape[1] == 1));
  });
  const auto boxes = first(outputs, [&](const std::string& name, const Shape& shape) {
    return is_chosen(name) && names_any(name, {"boxes"}) && shape.size() == 3 && shape[2] == 4;
  });
  const auto scores = of_rank_2("scores");
  const auto classes = of_rank_2("classes");
  if (!count || !boxes || !scores || !classes) return std::nullopt;
  return CountedPlaces{*count, *boxes, *scores, *classes};
}

std::optional<QueryPlaces> query_places(const std::vector<TensorInfo>& outputs) {
  const auto boxes = first(outputs, [](const std::string& name, const Shape& shape) {
    return names_any(name, {"pred_boxes", "dets"}) && shape.size() == 3 && shape[2] == 4;
  });
  if (!boxes) return std::nullopt;
  const auto logits = first(outputs, [&](const std::string& name, const Shape& shape) {
    return names_any(name, {"logits", "labels"}) && shape.size() == 3 && shape[1] == outputs[*boxes].shape[1] &&
           shape[2] > 0;
  });
  if (!logits) return std::nullopt;
  return QueryPlaces{*boxes, *logits};
}

std::optional<MaskPlaces> mask_places(const std::vector<TensorInfo>& outputs) {
  const auto masks = first(outputs, [](const std::string& name, const Shape& shape) {
    return is_chosen(name) && names_any(name, {"mask"}) && shape.size() >= 3 && shape.back() != 1;
  });
  const auto boxes = first(outputs, [](const std::string& name, const Shape& shape) {
    return is_chosen(name) && !names_any(name, {"mask"}) && (shape.size() == 2 || shape.size() == 3) &&
           shape.back() >= 4 && shape.back() <= 6;
  });
  if (!masks || !boxes) return std::nullopt;
  const Shape& rows = outputs[*boxes].shape;
  MaskPlaces places{*boxes, *masks, std::nullopt, std::nullopt};
  for (std::size_t i = 0; i < outputs.size(); ++i) {
    if (outputs[i].shape.size() + 1 != rows.size() || !is_chosen(outputs[i].name)) continue;
    auto& place = is_label(outputs[i]) ? places.labels : places.scores;
    if (!place) place = i;
  }
  const bool is_whole = (rows.back() > 4 || places.scores) && (rows.back() > 5 || places.labels);
  return is_whole ? std::optional(places) : std::nullopt;
}

}  // namespace fluvial
