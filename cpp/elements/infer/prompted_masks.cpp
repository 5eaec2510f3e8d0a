#include "elements/infer/prompted_masks.h"

#include <algorithm>
#include <cstring>
#include <stdexcept>

#include "elements/infer/attach_masks.h"
#include "meta/batch_buffer.h"

namespace fluvial {
namespace {

constexpr float usual_threshold = 0.5F;

// One picture's part of an output of the encoder becomes an input of the decoder.
void copy_embedding(const TensorView& from, std::size_t index, const TensorView& to) {
  const std::size_t bytes = element_count(to.shape) * bytes_of(to.type);
  const bool fits = !from.shape.empty() && from.type == to.type && static_cast<std::size_t>(from.shape[0]) > index &&
                    element_count(from.shape) * bytes_of(from.type) == bytes * static_cast<std::size_t>(from.shape[0]);
  if (!fits)
    throw std::runtime_error("output '" + from.name + "' of the encoder is not what input '" + to.name +
                             "' of the decoder takes");
  std::memcpy(to.data, static_cast<const char*>(from.data) + index * bytes, bytes);
}

}  // namespace

PromptedMasks::PromptedMasks(const InferSettings& settings, MaskDecoder decoder, std::unique_ptr<Backend> backend)
    : settings_(settings),
      decoder_(std::move(decoder)),
      backend_(std::move(backend)),
      requests_(*backend_, std::max(1, backend_->useful_requests())) {
  warm_up();
}

// The first call allocates and is slow; a decoder that cannot run, or gives no masks, is found out before a frame.
void PromptedMasks::warm_up() {
  auto request = requests_.acquire();
  const auto inputs = request->inputs();
  for (const auto& input : inputs) std::memset(input.data, 0, element_count(input.shape) * bytes_of(input.type));
  const Box whole{0, 0, static_cast<float>(decoder_.input.width), static_cast<float>(decoder_.input.height)};
  const Letterbox all{whole, 0, 0, decoder_.input.width, decoder_.input.height};
  write_prompts(decoder_, {whole}, all, inputs);
  request.start();
  request.wait();
  read_prompted_mask(decoder_, request->outputs(), decoder_.boxes - 1, whole, all);
}

std::vector<PromptedMasks::Call> PromptedMasks::calls_for(const Unit& unit) const {
  std::vector<Call> calls;
  for (auto* object : each<NvDsObjectMeta>(unit.frame->obj_meta_list)) {
    if (!is_wanted(settings_, *object)) continue;
    if (calls.empty() || calls.back().objects.size() == decoder_.boxes) calls.emplace_back();
    const auto& rect = object->rect_params;
    calls.back().objects.push_back(object);
    calls.back().boxes.push_back(to_input(unit.letterbox, {rect.left, rect.top, rect.width, rect.height}));
  }
  return calls;
}

// As many calls as there are requests run at a time; the oldest is waited for before the next one starts.
void PromptedMasks::attach(const std::vector<TensorView>& embeddings, std::size_t index, const Unit& unit) {
  auto calls = calls_for(unit);
  std::size_t finished = 0;
  for (std::size_t i = 0; i < calls.size(); ++i) {
    if (i - finished == requests_.size()) finish(calls[finished++], unit);
    start(calls[i], embeddings, index, unit);
  }
  while (finished < calls.size()) finish(calls[finished++], unit);
}

void PromptedMasks::start(Call& call, const std::vector<TensorView>& embeddings, std::size_t index, const Unit& unit) {
  call.request = requests_.acquire();
  const auto inputs = call.request->inputs();
  for (const auto& embedding : decoder_.embeddings)
    copy_embedding(embeddings[embedding.output], index, inputs[embedding.input]);
  write_prompts(decoder_, call.boxes, unit.letterbox, inputs);
  call.request.start();
}

void PromptedMasks::finish(Call& call, const Unit& unit) {
  call.request.wait();
  const auto outputs = call.request->outputs();
  for (std::size_t i = 0; i < call.objects.size(); ++i)
    attach_mask(call.objects[i], read_prompted_mask(decoder_, outputs, i, call.boxes[i], unit.letterbox),
                settings_.segmentation_threshold.value_or(usual_threshold));
  call.request = {};
}

}  // namespace fluvial
