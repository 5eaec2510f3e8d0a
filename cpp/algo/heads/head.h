// Heads: how a model's output tensors become objects. One file a family, all behind one small interface.
//
// A decoder yields candidates above its thresholds; nms() comes after, where ModelSpec::needs_nms says so. Boxes are in
// pixels of the network's input; Letterbox leads back to the frame. Tensors may be f32 or f16 (labels: i64 or i32,
// classifications: u8 and i8 too).
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "types/detection.h"
#include "types/mask_wish.h"
#include "types/model.h"
#include "types/row_selection.h"
#include "types/tensor.h"

namespace fluvial {

// What the user may turn.
struct HeadSettings {
  float threshold = 0.2F;                 // of classes beyond the list below; for attributes, of all
  std::vector<float> threshold_by_class;  // least confidence before nms
};

// Belongs to one stream of work; not thread-safe (it keeps scratch memory). `outputs` must be those that make_head()
// was told of, in the same order; `unit` is the place in the batch. Tensors of another shape or type raise
// std::runtime_error.
class HeadDecoder {
 public:
  virtual ~HeadDecoder() = default;

  // Appends to `out`. A classification finds no objects.
  virtual void decode(const std::vector<TensorView>& outputs, std::size_t unit, std::vector<Detection>& out);

  // A GPU may bring only these rows, which are then decoded in place of the whole. Nothing: it needs all outputs, or
  // has not seen enough of them yet.
  virtual std::optional<RowSelection> selection() const { return std::nullopt; }
  virtual void decode_rows(const SelectedRows& rows, std::vector<Detection>& out);
  // describe() of what decode_rows() found. Masks whose prototypes a GPU keeps have a size and no values yet: they are
  // on the list `masks`, in the order of `kept`; see take_masks().
  virtual void describe_rows(const SelectedRows& rows, const std::vector<Detection>& kept, std::vector<Details>& out,
                             MaskWishes& masks);

  // True: outputs are wanted where they are, on a device too (TensorView::gpu).
  virtual bool reads_on_device() const { return false; }

  // Detectors with masks or keypoints: after suppression, one Details for each of `kept`, whose boxes lie within the
  // picture. Found by Detection::row, in the coordinates of their boxes.
  virtual bool has_details() const { return false; }
  virtual void describe(const std::vector<TensorView>& outputs, std::size_t unit, const std::vector<Detection>& kept,
                        std::vector<Details>& out);

  // Segmentation alone; replaces what `out` held.
  virtual void segment(const std::vector<TensorView>& outputs, std::size_t unit, Segmentation& out);
  virtual void segment_rows(const SelectedRows& rows, Segmentation& out);

  // Embeddings alone; replaces what `out` held. Its length is 1.
  virtual void embed(const std::vector<TensorView>& outputs, std::size_t unit, std::vector<float>& out);

  // Appends to `out`, by attribute. A detector classifies nothing.
  virtual void classify(const std::vector<TensorView>& outputs, std::size_t unit, std::vector<Classification>& out);
};

// Gives masks that have none their values, which lie one mask after the other; returns where the next ones begin.
const float* take_masks(const float* values, std::vector<Details>& details);

// Throws std::invalid_argument that says which shapes were found and which are needed.
std::unique_ptr<HeadDecoder> make_head(const ModelSpec& spec, const std::vector<TensorInfo>& outputs,
                                       const HeadSettings& settings = {});

// The word of a head in configs and messages ("yolox"), and back; unknown words are Head::unknown.
const char* name_of(Head head);
Head head_named(const std::string& name);
std::string head_names();  // "yolox, detr and ...", for messages
Task task_of(Head head);

}  // namespace fluvial
