// Promptable segmentation (SAM and its kin): an encoder looks at a picture once, a decoder makes a mask of each box.
//
// Here is what is known of the decoder: which of its tensors is what, how boxes are written into it, and how the
// likeliest of a box's masks is cut out. Boxes are in pixels of the encoder's input.
#pragma once

#include <cstddef>
#include <map>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

#include "algo/letterbox.h"
#include "types/detection.h"
#include "types/model.h"
#include "types/tensor.h"

namespace fluvial {

// Says which tensor does not fit, and its shape.
class UnfitDecoder : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

struct MaskDecoder {
  // An input that is the encoder's output, picture by picture.
  struct Embedding {
    std::size_t input = 0, output = 0;
  };
  std::vector<Embedding> embeddings;
  std::size_t coords = 0, labels = 0;               // inputs
  std::optional<std::size_t> mask, has_mask, size;  // inputs; an earlier mask is never given
  std::size_t masks = 0;                            // outputs
  std::optional<std::size_t> scores;                // of each mask; without, the first of a box's masks is taken
  std::size_t boxes = 1;                            // in one call
  std::size_t points = 2;                           // of each box: its corners, and padding
  std::size_t box_axis = 0;                         // of coords, labels and outputs
  bool are_masks_of_input = true;                   // they lie over the encoder's whole input; else over its picture
  Size input;                                       // of the encoder
  std::map<std::string, Shape> shapes;              // of every input, nothing open
};

// `boxes` is what is wanted in one call; a decoder that takes a fixed count overrules it. Throws UnfitDecoder.
MaskDecoder read_mask_decoder(const ModelInfo& decoder, const ModelInfo& encoder, Size encoder_input, int boxes);

// Corners of the boxes as points 2 and 3, the rest as padding; no earlier mask. At most MaskDecoder::boxes.
void write_prompts(const MaskDecoder& decoder, const std::vector<Box>& boxes, const Letterbox& letterbox,
                   const std::vector<TensorView>& inputs);

// Width and height of the masks that objects get.
constexpr int prompted_mask_side = 64;

// Probabilities over `box`, of the mask that the decoder itself thinks best of. Throws std::runtime_error where outputs
// are of another type or shape than a decoder gives. Keeps nothing.
Mask read_prompted_mask(const MaskDecoder& decoder, const std::vector<TensorView>& outputs, std::size_t box_index,
                        const Box& box, const Letterbox& letterbox);

}  // namespace fluvial
