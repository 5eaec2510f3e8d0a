#include "algo/dense.h"

#include <algorithm>

#include "algo/families/shapes.h"

namespace fluvial {
namespace {

using Indices = std::vector<std::size_t>;
enum class Role { unknown, scores, boxes, centres };

Role role_by_name(const TensorInfo& output) {
  if (names_any(output.name, {"center", "centre", "ctr"})) return Role::centres;
  if (names_any(output.name, {"box", "reg", "dis_pred", "delta"})) return Role::boxes;
  if (names_any(output.name, {"cls", "score", "logit", "conf"})) return Role::scores;
  return Role::unknown;
}

Role role_by_channels(const TensorInfo& output, const DenseWanted& wanted) {
  const std::int64_t channels = channels_of(output);
  const auto& boxes = wanted.box_channels;
  if (std::find(boxes.begin(), boxes.end(), channels) != boxes.end()) return Role::boxes;
  return wanted.have_centres && channels == 1 ? Role::centres : Role::scores;
}

DenseOutputs split(const std::vector<TensorInfo>& outputs, const DenseWanted& wanted) {
  const bool are_named =
      std::all_of(outputs.begin(), outputs.end(), [](const auto& o) { return role_by_name(o) != Role::unknown; });
  DenseOutputs found;
  for (std::size_t i = 0; i < outputs.size(); ++i) {
    const Role role = are_named ? role_by_name(outputs[i]) : role_by_channels(outputs[i], wanted);
    (role == Role::scores ? found.scores : role == Role::boxes ? found.boxes : found.centres).push_back(i);
  }
  // Of one class, scores and centreness look alike: scores come first.
  if (!are_named && found.scores.empty() && found.centres.size() == 2 * found.boxes.size()) {
    const auto half = found.centres.begin() + static_cast<std::ptrdiff_t>(found.boxes.size());
    found.scores.assign(found.centres.begin(), half);
    found.centres.erase(found.centres.begin(), half);
  }
  for (Indices* part : {&found.scores, &found.boxes, &found.centres}) sort_by_grid(outputs, *part);
  return found;
}

// All of them have these channels, 0: any that is the same.
bool share_channels(const std::vector<TensorInfo>& outputs, const Indices& part) {
  return std::all_of(part.begin(), part.end(), [&](std::size_t i) {
    return channels_of(outputs[i]) > 0 && channels_of(outputs[i]) == channels_of(outputs[part.front()]);
  });
}

bool fits(const std::vector<TensorInfo>& outputs, const Indices& part, Size input, const std::vector<int>& strides,
          int anchors) {
  const bool is_open = input.width <= 0 || input.height <= 0;
  const auto grids = grids_of(input, strides);
  if (part.size() != 1) return part.size() == strides.size() && (is_open || may_lie_on(grids, outputs, part));
  const std::int64_t cells = cells_of(outputs[part[0]]);
  return outputs[part[0]].shape.size() == 3 && !is_open &&
         (cells < 0 || cells == static_cast<std::int64_t>(cells_in(grids)) * anchors);
}

}  // namespace

std::optional<DenseOutputs> dense_outputs(const std::vector<TensorInfo>& outputs, Size input,
                                          const DenseWanted& wanted) {
  if (outputs.empty() || std::any_of(outputs.begin(), outputs.end(), [](const auto& o) { return channels_of(o) <= 0; }))
    return std::nullopt;
  DenseOutputs found = split(outputs, wanted);
  if (found.scores.empty() || found.boxes.size() != found.scores.size() ||
      found.centres.size() != (wanted.have_centres ? found.scores.size() : 0))
    return std::nullopt;
  const Indices* parts[] = {&found.scores, &found.boxes, &found.centres};
  for (const Indices* part : parts)
    if (!share_channels(outputs, *part)) return std::nullopt;
  // Grids that are joined have an anchor a row.
  const int shared = found.scores.size() == 1 ? wanted.anchors : 1;
  const std::int64_t box = channels_of(outputs[found.boxes[0]]) * shared;
  if (std::find(wanted.box_channels.begin(), wanted.box_channels.end(), box) == wanted.box_channels.end())
    return std::nullopt;
  for (const auto& strides : wanted.strides) {
    if (!std::all_of(std::begin(parts), std::end(parts), [&](const Indices* part) {
          return part->empty() || fits(outputs, *part, input, strides, wanted.anchors);
        }))
      continue;
    found.strides = strides;
    return found;
  }
  return std::nullopt;
}

const DenseWanted& gfl_outputs() {
  static const DenseWanted wanted{{{8, 16, 32, 64}, {8, 16, 32}, {8, 16, 32, 64, 128}}, {32, 68}};
  return wanted;
}

const DenseWanted& fcos_outputs() {
  static const DenseWanted wanted{{{8, 16, 32, 64, 128}}, {4}, 1, true};
  return wanted;
}

const DenseWanted& retinanet_outputs() {
  static const DenseWanted wanted{{{8, 16, 32, 64, 128}}, {36}, 9};
  return wanted;
}

std::vector<int> nanodet_strides(const std::vector<TensorInfo>& outputs, Size input) {
  if (outputs.size() != 1 || outputs[0].shape.size() != 3 || outputs[0].shape[2] <= 32) return {};
  for (const auto& strides : {std::vector<int>{8, 16, 32, 64}, std::vector<int>{8, 16, 32}}) {
    const std::size_t cells = cells_in(grids_of(input, strides));
    if (cells > 0 && outputs[0].shape[1] == static_cast<std::int64_t>(cells)) return strides;
  }
  return {};
}

std::optional<CenterOutputs> center_outputs(const std::vector<TensorInfo>& outputs) {
  // Of a single cell it would be a vector, such as a person's attributes.
  const auto is_map = [](const TensorInfo& o) { return o.shape.size() == 4 && o.shape[1] > 0 && cells_of(o) != 1; };
  if (outputs.size() < 2 || outputs.size() > 3 || !std::all_of(outputs.begin(), outputs.end(), is_map))
    return std::nullopt;
  std::optional<std::size_t> peaks, sizes, offsets;
  for (std::size_t i = 0; i < outputs.size(); ++i) {
    if (names_any(outputs[i].name, {"hm", "heat"})) peaks = i;
    if (names_any(outputs[i].name, {"wh", "size", "width"}) && outputs[i].shape[1] == 2) sizes = i;
    if (names_any(outputs[i].name, {"reg", "offset"}) && outputs[i].shape[1] == 2) offsets = i;
  }
  // Without names, in the order in which CenterNet itself gives them.
  if (!peaks && !sizes && !offsets && outputs.size() == 3 && outputs[1].shape[1] == 2 && outputs[2].shape[1] == 2) {
    peaks = 0;
    sizes = 1;
    offsets = 2;
  }
  if (!peaks || !sizes || (outputs.size() == 3) != offsets.has_value()) return std::nullopt;
  for (const auto& output : outputs)
    if (cells_of(output) != cells_of(outputs[0])) return std::nullopt;
  return CenterOutputs{*peaks, *sizes, offsets};
}

}  // namespace fluvial
