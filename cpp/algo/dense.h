// Which outputs of a one-stage detector are scores, boxes and centreness, and on which grids they lie.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "algo/grids.h"

namespace fluvial {

// Indices of outputs: one for each grid, finest first, or a single one that holds all grids one after the other.
struct DenseOutputs {
  std::vector<std::size_t> scores, boxes, centres;
  std::vector<int> strides;
  bool is_joined() const { return scores.size() == 1 && strides.size() > 1; }
};

struct DenseWanted {
  std::vector<std::vector<int>> strides;   // what the family's networks have; the first that fits is taken
  std::vector<std::int64_t> box_channels;  // in each cell, of outputs whose names do not tell
  int anchors = 1;                         // rows of each cell, where grids are joined
  bool have_centres = false;
};

// By names, where all tell what they are, else by channels. Nothing: they are no such outputs at this input size, which
// may be open.
std::optional<DenseOutputs> dense_outputs(const std::vector<TensorInfo>& outputs, Size input,
                                          const DenseWanted& wanted);

// NanoDet, PicoDet: 8 bins an edge, or 17 as in the paper.
const DenseWanted& gfl_outputs();
const DenseWanted& fcos_outputs();
const DenseWanted& retinanet_outputs();

// NanoDet's single output [N, cells, C + 32]: the strides of its grids, empty if it is none.
std::vector<int> nanodet_strides(const std::vector<TensorInfo>& outputs, Size input);

// CenterNet's maps: peaks [N, C, h, w], sizes [N, 2, h, w] and, often, offsets [N, 2, h, w].
struct CenterOutputs {
  std::size_t peaks = 0, sizes = 0;
  std::optional<std::size_t> offsets;
};
std::optional<CenterOutputs> center_outputs(const std::vector<TensorInfo>& outputs);

}  // namespace fluvial
