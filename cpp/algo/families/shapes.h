// Questions about tensors' shapes and names, that families share.
#pragma once

#include <initializer_list>
#include <string>
#include <vector>

#include "types/model.h"

namespace fluvial {

using Outputs = std::vector<TensorInfo>;

bool is_integer(const TensorInfo& tensor);
bool names_any(const std::string& name, std::initializer_list<const char*> parts);  // whatever the case
// By their names: boxes that only somebody who has the priors can read, as SSDs give them before they are decoded.
bool are_offsets_to_priors(const Outputs& outputs);
const TensorInfo* find(const Outputs& outputs, std::size_t rank, std::int64_t last);

// Of one output of rank 3, alone or with prototypes of masks [N, M, h, w]; rows are null otherwise.
struct RowsAndPrototypes {
  const TensorInfo* rows = nullptr;
  const TensorInfo* prototypes = nullptr;
};
RowsAndPrototypes rows_and_prototypes(const Outputs& outputs);

// Rows of all pictures, [K, 6], beside how many each picture has, [N]; rows are null otherwise. As PaddleDetection
// does.
struct RowsAndCounts {
  const TensorInfo* rows = nullptr;
  const TensorInfo* counts = nullptr;
};
RowsAndCounts rows_and_counts(const Outputs& outputs);

std::string list(const Outputs& outputs);        // their names
bool is_vector(const Shape& shape);              // [N, C], [N, C, 1, 1], [N, 1, 1, C]
std::int64_t vector_length(const Shape& shape);  // -1 if open
bool is_embedding(const TensorInfo& output);     // by name, or a vector of a power of two
// Cells of the grids of strides 8, 16 and 32, that one-stage detectors share; 0 where the size is open.
std::int64_t grid_cells(Size size);
// As many as a one-stage detector has: of those grids, also with stride 4 or 64 beside, once or for three anchors.
bool are_cells(std::int64_t count, Size size);
std::string metadata_of(const ModelInfo& info, const std::string& key);  // empty if absent
std::string lowercase(std::string text);
std::string file_name(const std::string& path);

}  // namespace fluvial
