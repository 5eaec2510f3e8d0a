#include "algo/input_shapes.h"

#include <stdexcept>
#include <utility>

#include "algo/fixed_input.h"

namespace fluvial {
namespace {

void close_picture(Shape& shape, const InputSpec& input, ClosedShapes& closed) {
  closed.is_batch_open = shape[0] < 0;
  // A fixed batch overrules the one that was asked for.
  if (!closed.is_batch_open) closed.batch = static_cast<int>(shape[0]);
  const std::size_t rows = input.layout == Layout::nchw ? 2 : 1;
  if (shape[rows] < 0) shape[rows] = input.size.height;
  if (shape[rows + 1] < 0) shape[rows + 1] = input.size.width;
  const std::size_t channels = input.layout == Layout::nchw ? 1 : 3;
  if (shape[channels] < 0) shape[channels] = input.color == ColorOrder::gray ? 1 : 3;
}

}  // namespace

ClosedShapes close_input_shapes(const ModelInfo& info, const InputSpec& picture, int batch) {
  ClosedShapes closed;
  closed.batch = batch;
  for (const auto& input : info.inputs) {
    closed.inputs.push_back(input.shape);
    if (input.name == picture.name && input.shape.size() == 4) close_picture(closed.inputs.back(), picture, closed);
  }
  for (std::size_t i = 0; i < info.inputs.size(); ++i) {
    Shape& shape = closed.inputs[i];
    if (is_pixel_mask(info.inputs[i])) shape = closed_mask(std::move(shape), picture.size);
    if (!shape.empty() && shape[0] < 0) shape[0] = closed.batch;
    for (auto d : shape)
      if (d < 0)
        throw std::runtime_error("input '" + info.inputs[i].name +
                                 "' has an open size that is neither batch, width nor height");
  }
  return closed;
}

ClosedShapes given_input_shapes(const ModelInfo& info, const std::map<std::string, Shape>& given) {
  ClosedShapes closed;
  for (const auto& input : info.inputs) closed.inputs.push_back(given.at(input.name));
  return closed;
}

}  // namespace fluvial
