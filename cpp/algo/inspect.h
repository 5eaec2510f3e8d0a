// Looks at a model's inputs, outputs and metadata and decides how to feed and read it.
//
// Every decision leaves one sentence in ModelSpec::evidence: what was seen, what follows, and how sure that is ("sure":
// the shapes fit nothing else; "likely": all public models of this look are so; "guess"). What cannot be decided is
// never guessed in silence: UndecidableModel says what was seen and which keys to add. Given hints are obeyed, not
// judged.
#pragma once

#include <array>
#include <map>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

#include "types/model.h"

namespace fluvial {

class UndecidableModel : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

// What the user's config says; each replaces what inspection would decide. The key of each stands behind it.
struct ModelHints {
  std::optional<Head> head;                     // network-type, head
  std::optional<Size> size;                     // infer-dims
  std::optional<ColorOrder> color;              // model-color-format
  std::optional<float> scale;                   // net-scale-factor
  std::optional<std::array<float, 3>> offsets;  // offsets; alone, scale is still needed
  std::optional<bool> keeps_aspect;             // maintain-aspect-ratio
  std::optional<bool> is_padding_centred;       // symmetric-padding
  std::optional<int> class_count;               // num-detected-classes
  std::vector<std::string> labels;              // labelfile-path, labels
  std::map<std::string, std::string> options;   // of the head, see heads/*.cpp
  std::string fills_inputs;                     // who fills inputs beside the picture; empty: nobody
};

// "f32" and the like, as messages have them.
const char* word_of(ElementType type);

// Metadata "op.NAME", where a backend can see the graph, is the kind of node that makes the output NAME ("Softmax",
// "Sigmoid"); it makes some decisions surer. Throws UndecidableModel.
ModelSpec inspect(const ModelInfo& info, const ModelHints& hints = {});

}  // namespace fluvial
