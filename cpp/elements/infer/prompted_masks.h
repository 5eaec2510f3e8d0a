// A promptable segmentation's second half: the boxes of a frame's objects go to a mask decoder, several in one call,
// and each object gets its mask.
#pragma once

#include <memory>
#include <vector>

#include "algo/prompts.h"
#include "elements/infer/decision.h"
#include "elements/infer/requests.h"
#include "elements/infer/units.h"

namespace fluvial {

// Belongs to the pushing thread, but for what is said.
class PromptedMasks {
 public:
  PromptedMasks(const InferSettings& settings, MaskDecoder decoder, std::unique_ptr<Backend> backend);

  // `embeddings` are the encoder's outputs, of which the unit's frame is number `index`.
  void attach(const std::vector<TensorView>& embeddings, std::size_t index, const Unit& unit);

  // Any thread.
  void interrupt() { backend_->interrupt(); }
  void resume() { backend_->resume(); }

 private:
  struct Call {
    std::vector<NvDsObjectMeta*> objects;
    std::vector<Box> boxes;  // in pixels of the encoder's input
    RequestLease request;
  };
  void warm_up();
  std::vector<Call> calls_for(const Unit& unit) const;
  void start(Call& call, const std::vector<TensorView>& embeddings, std::size_t index, const Unit& unit);
  void finish(Call& call, const Unit& unit);

  InferSettings settings_;
  MaskDecoder decoder_;
  std::unique_ptr<Backend> backend_;
  RequestPool requests_;  // goes before the backend
};

}  // namespace fluvial
