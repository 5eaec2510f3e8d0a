// The shapes that a model's inputs get before it is compiled: no size stays open, so that their memory can be
// allocated before the first picture.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "types/model.h"

namespace fluvial {

struct ClosedShapes {
  int batch = 1;               // units in one request
  bool is_batch_open = false;  // fewer may be run
  std::vector<Shape> inputs;   // in the order of ModelInfo::inputs
};

// `batch` is what was asked for; a model with a fixed batch overrules it. Throws std::runtime_error that names the
// input whose size nothing tells.
ClosedShapes close_input_shapes(const ModelInfo& info, const InputSpec& picture, int batch);

// Every input's shape as somebody knows it, by name; a unit is then one run of the model.
ClosedShapes given_input_shapes(const ModelInfo& info, const std::map<std::string, Shape>& given);

}  // namespace fluvial
