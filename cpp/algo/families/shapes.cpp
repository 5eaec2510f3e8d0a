#include "algo/families/shapes.h"

#include <algorithm>
#include <cctype>

namespace fluvial {

bool is_integer(const TensorInfo& tensor) { return tensor.type == ElementType::i64 || tensor.type == ElementType::i32; }

bool names_any(const std::string& name, std::initializer_list<const char*> parts) {
  const std::string lower = lowercase(name);
  return std::any_of(parts.begin(), parts.end(),
                     [&](const char* part) { return lower.find(part) != std::string::npos; });
}

bool are_offsets_to_priors(const Outputs& outputs) {
  const auto any = [&](std::initializer_list<const char*> parts) {
    return std::any_of(outputs.begin(), outputs.end(), [&](const auto& o) { return names_any(o.name, parts); });
  };
  // What a network predicts of boxes is offsets where its scores are logits yet: both are from before post-processing.
  const bool are_predictions = any({"bbox_pred", "box_pred", "bbox_regression"}) && any({"logits"});
  return any({"priorbox", "mbox_loc", "box_encodings"}) || are_predictions;
}

const TensorInfo* find(const Outputs& outputs, std::size_t rank, std::int64_t last) {
  for (const auto& output : outputs) {
    if (output.shape.size() == rank && output.shape.back() == last) return &output;
  }
  return nullptr;
}

RowsAndPrototypes rows_and_prototypes(const Outputs& outputs) {
  RowsAndPrototypes found;
  for (const auto& output : outputs) {
    if (output.shape.size() == 3) found.rows = &output;
    if (output.shape.size() == 4 && output.shape[1] > 0) found.prototypes = &output;
  }
  if (outputs.size() != (found.prototypes == nullptr ? 1U : 2U)) return {};
  return found;
}

RowsAndCounts rows_and_counts(const Outputs& outputs) {
  if (outputs.size() != 2) return {};
  const std::size_t place = outputs[0].shape.size() == 2 ? 0 : 1;
  const TensorInfo &rows = outputs[place], &counts = outputs[1 - place];
  const bool is_table = rows.shape.size() == 2 && rows.shape[1] == 6 && !is_integer(rows);
  if (!is_table || counts.shape.size() != 1 || !is_integer(counts)) return {};
  return {&rows, &counts};
}

std::string list(const Outputs& outputs) {
  std::string text;
  for (const auto& output : outputs) text += (text.empty() ? "" : ", ") + output.name;
  return text;
}

bool is_vector(const Shape& shape) {
  if (shape.size() == 2) return true;
  if (shape.size() != 4) return false;
  return (shape[2] == 1 && shape[3] == 1) || (shape[1] == 1 && shape[2] == 1);
}

std::int64_t vector_length(const Shape& shape) {
  if (!is_vector(shape)) return -1;
  return shape.size() == 4 && shape[1] == 1 ? shape[3] : shape[1];
}

bool is_embedding(const TensorInfo& output) {
  if (names_any(output.name, {"embed", "reid", "feature", "descriptor"})) return true;
  if (names_any(output.name, {"softmax", "prob", "logit", "predictions", "class"})) return false;
  const std::int64_t length = vector_length(output.shape);
  return length >= 64 && (length & (length - 1)) == 0;
}

std::int64_t grid_cells(Size size) {
  if (size.width <= 0 || size.height <= 0) return 0;
  std::int64_t cells = 0;
  for (int stride : {8, 16, 32}) cells += static_cast<std::int64_t>(size.width / stride) * (size.height / stride);
  return cells;
}

bool are_cells(std::int64_t count, Size size) {
  const std::int64_t cells = grid_cells(size);
  if (cells == 0 || count <= 0) return false;
  const auto of_stride = [&](int stride) {
    return static_cast<std::int64_t>(size.width / stride) * (size.height / stride);
  };
  for (std::int64_t all : {cells, cells + of_stride(4), cells + of_stride(64)})
    if (count == all || count == 3 * all) return true;
  return false;
}

std::string metadata_of(const ModelInfo& info, const std::string& key) {
  const auto found = info.metadata.find(key);
  return found == info.metadata.end() ? "" : found->second;
}

std::string lowercase(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(), [](unsigned char c) { return std::tolower(c); });
  return text;
}

std::string file_name(const std::string& path) { return path.substr(path.find_last_of("/\\") + 1); }

}  // namespace fluvial
