// What rows of YOLO carry beside boxes: keypoints (x, y and, mostly, a confidence) and coefficients of masks, whose
// prototypes are another output. For heads/*.cpp only.
#pragma once

#include <cstddef>
#include <vector>

#include "algo/heads/tensors.h"

namespace fluvial::heads {

// Some numbers of one row, wherever the tensor keeps the next one.
struct RowView {
  const float* first = nullptr;
  std::size_t step = 1;
  float operator[](int i) const { return first[static_cast<std::size_t>(i) * step]; }
};

// How many columns of a row are what; the coefficients stand before the keypoints.
struct DetailColumns {
  int coefficients = 0;
  int keypoints = 0;
  int keypoint_width = 3;  // 2: without a confidence
  int count() const { return coefficients + keypoints * keypoint_width; }
};

// Option "keypoints=17x3" and prototypes [N, coefficients, h, w], if they are given. Throws std::invalid_argument.
DetailColumns detail_columns(const char* head, const ModelSpec& spec, const TensorInfo* prototypes);

// Belongs to one head; keeps scratch memory.
class RowDetails {
 public:
  RowDetails(DetailColumns columns, Size input) : columns_(columns), input_(input) {}

  bool has_any() const { return columns_.count() > 0; }
  int columns() const { return columns_.count(); }
  bool needs_prototypes() const { return columns_.coefficients > 0; }

  // `prototypes` is needed only with coefficients, and read until the next begin().
  void begin(const TensorView* prototypes, std::size_t unit);
  Details read(RowView row, const Box& box);
  // Of the prototypes that a GPU keeps, no more than their shape is known.
  void note_grid(const TensorView& prototypes);
  // The same of rows of a unit that a GPU has chosen, with masks to be made there: `rows` begin with the coefficients,
  // one for each box.
  void read_all(const std::vector<const float*>& rows, const std::vector<Detection>& kept, std::size_t unit,
                std::vector<Details>& out, MaskWishes& masks) const;

 private:
  std::vector<Keypoint> keypoints(RowView row) const;
  PrototypeGrid prototype_grid() const;
  MaskWish wish_for(const Box& box) const;
  Mask mask(RowView row, const Box& box);

  DetailColumns columns_;
  Size input_;
  Size grid_;  // of the prototypes
  FloatReader reader_;
  const float* prototypes_ = nullptr;
  std::vector<float> logits_;
};

}  // namespace fluvial::heads
