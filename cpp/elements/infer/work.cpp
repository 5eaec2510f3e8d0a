#include "elements/infer/work.h"

#include <algorithm>
#include <cstring>
#include <stdexcept>
#include <string>

#include "algo/fixed_input.h"
#include "algo/segmentation_map.h"
#include "elements/infer/attach.h"
#include "elements/infer/attach_embedding.h"
#include "elements/infer/attach_segmentation.h"
#include "elements/infer/custom/head.h"
#include "elements/infer/custom/offered_parser.h"
#include "elements/infer/tensor_input.h"
#include "elements/infer/tensor_meta.h"
#include "surface/batch.h"

namespace fluvial {
namespace {

int request_count(const Decision& decision, const Backend& backend) {
  const auto wanted = static_cast<int>(decision.settings.requests);
  return wanted > 0 ? wanted : std::max(1, backend.useful_requests());
}

std::string place_of(const Unit& unit) {
  return "source " + std::to_string(unit.frame->source_id) + " frame " + std::to_string(unit.frame->frame_num);
}

// Boxes and ids are of the buffer's surfaces, which all have the size that the mux gave them.
Size size_of(GstBuffer* buffer, const Unit& unit) { return surface_at(buffer, unit.frame->batch_id)->format().size; }

// Of an object, as much more of its surroundings as the model was trained with.
Box crop_of(const Unit& unit, Size frame, float margin) {
  if (unit.region) return box_of(*unit.region);
  if (!unit.object) return {0, 0, static_cast<float>(frame.width), static_cast<float>(frame.height)};
  const auto& rect = unit.object->rect_params;
  const float more_x = rect.width * (margin - 1), more_y = rect.height * (margin - 1);
  return {rect.left - more_x / 2, rect.top - more_y / 2, rect.width + more_x, rect.height + more_y};
}

template <typename IsUnwanted>
void drop(std::vector<Detection>& found, IsUnwanted is_unwanted) {
  found.erase(std::remove_if(found.begin(), found.end(), is_unwanted), found.end());
}

}  // namespace

Work::Work(Decision decision, std::unique_ptr<Backend> backend, Health::Complain complain,
           std::unique_ptr<PromptedMasks> masks)
    : decision_(std::move(decision)),
      backend_(std::move(backend)),
      requests_(*backend_, request_count(decision_, *backend_)),
      masks_(std::move(masks)),
      health_(decision_, std::move(complain)),
      raw_output_(decision_, backend_->model().inputs.size()) {
  const auto& info = backend_->model();
  for (std::size_t i = 0; i < info.inputs.size(); ++i) {
    if (info.inputs[i].name == decision_.spec.input.name) picture_input_ = i;
    for (const auto& fixed : decision_.spec.fixed_inputs)
      if (info.inputs[i].name == fixed.name) fixed_inputs_.emplace_back(i, fixed);
  }
  if (decision_.parser) {
    head_ = make_custom_head(decision_, info.inputs.size(), health_.complain());
  } else if (decision_.has_offered_parser()) {
    head_ = make_offered_head(decision_);
  } else if (!decision_.has_no_head) {
    head_ = make_head(decision_.spec, info.outputs, decision_.head);
  }
  leaves_outputs_ = head_ && head_->reads_on_device() && !has_other_readers();
  for (const auto& [from, to] : decision_.file.class_map) {
    shown_classes_.resize(static_cast<std::size_t>(from) + 1, -1);
    shown_classes_.back() = decision_.shown_class(from);
  }
  if (decision_.initializer) {
    RequestLease request = requests_.acquire();
    filled_inputs_ = fill_inputs(*decision_.initializer, decision_.spec, info, request->inputs(), units_in_request());
  }
  warm_up();
}

// The first inference allocates and is slow, of each request; a model that cannot run at all is found out before the
// first frame.
void Work::warm_up() {
  std::vector<RequestLease> all;
  while (all.size() < requests_.size()) {
    all.push_back(requests_.acquire());
    if (!feeder_) feeder_ = make_feeder(backend_->feed(decision_.spec.input), all.back()->queue());
    warm_up(all.back());
  }
  inference_time_ = warm_up(all.front());
}

// How long it took.
GstClockTime Work::warm_up(RequestLease& request) {
  const auto inputs = request->inputs();
  const TensorView& picture = inputs[picture_input_];
  const std::size_t wanted = feeder_->unit_bytes() * units_in_request();
  const std::size_t there = element_count(picture.shape) * bytes_of(picture.type);
  if (wanted != there)
    throw std::runtime_error("input '" + picture.name + "' holds " + std::to_string(there) +
                             " bytes, the picture needs " + std::to_string(wanted));
  feeder_->begin(request->queue());
  feeder_->write_zeros(there, picture.data);
  write_fixed_inputs(inputs);
  const auto held = feeder_->done();
  const gint64 before = g_get_monotonic_time();
  request.start();
  request.wait();
  return static_cast<GstClockTime>(g_get_monotonic_time() - before) * GST_USECOND;
}

void Work::interrupt() {
  backend_->interrupt();
  if (masks_) masks_->interrupt();
}

void Work::resume() {
  backend_->resume();
  if (masks_) masks_->resume();
}

void Work::start(Job& job) {
  try {
    fill(job);
    choose_outputs(job);
    job.request->keep_on_device(decision_.settings.wants_tensors);
    job.request->leave_on_device(leaves_outputs_);
    job.request.start();
  } catch (const std::exception& e) {
    throw std::runtime_error("inference on " + place_of(job.units.front()) + ": " + e.what());
  }
}

// Now and then one picture's outputs whole, for whoever judges them, each time another's. Not all of the batch's: of 48
// pictures they are more than 100 MB, and while those are carried and read the GPU has nothing to do.
void Work::choose_outputs(Job& job) {
  constexpr std::uint64_t sample_every = 64;
  const std::uint64_t round = started_ / sample_every;
  const bool is_sampled = started_++ % sample_every == 0;
  job.sampled = static_cast<std::size_t>(round % job.units.size());
  job.request->sample_unit(is_sampled ? std::optional(job.sampled) : std::nullopt);
  std::lock_guard lock(mutex_);
  job.request->select_rows(wanted_rows_);
}

void Work::fill(Job& job) {
  job.request->use_units(job.units.size());
  feeder_->begin(job.request->queue());
  const auto inputs = job.request->inputs();
  auto* out = static_cast<char*>(inputs[picture_input_].data);
  for (auto& unit : job.units) {
    if (unit.tensor) {
      const std::size_t bytes = feeder_->unit_bytes();
      feeder_->write(bytes, out, [&](void* to) { std::memcpy(to, unit.tensor, bytes); });
    } else {
      const auto surface = surface_at(job.buffer.get(), unit.frame->batch_id);
      const Box crop = crop_of(unit, surface->format().size, decision_.spec.object_margin);
      unit.letterbox = feeder_->write_picture(*surface, crop, out);
    }
    out += feeder_->unit_bytes();
  }
  write_fixed_inputs(inputs);
  job.fed = feeder_->done();
}

void Work::write_fixed_inputs(const std::vector<TensorView>& inputs) {
  const auto write = [&](std::size_t place, const auto& fill) {
    const TensorView& input = inputs[place];
    feeder_->write(element_count(input.shape) * bytes_of(input.type), input.data, [&](void* to) {
      TensorView there = input;
      there.data = to;
      fill(there);
    });
  };
  for (const auto& fixed : fixed_inputs_)
    write(fixed.first, [&](const TensorView& there) { write_fixed(fixed.second, units_in_request(), there); });
  for (const auto& filled : filled_inputs_)
    write(filled.place, [&](const TensorView& there) {
      std::memcpy(there.data, filled.bytes.data(), element_count(there.shape) * bytes_of(there.type));
    });
}

void Work::finish(Job& job) {
  try {
    job.request.wait();
    const auto outputs = job.request->outputs();
    request_ = job.request.get();
    forget_found();
    const auto sample = request_->sample();
    if (!request_->selected(0)) health_.look_at(outputs);
    health_.look_at_sample(sample);
    raw_output_.hand_on(job.buffer.get(), outputs, job.units.size());
    for (std::size_t i = 0; i < job.units.size(); ++i) {
      const bool is_sampled = !sample.empty() && i == job.sampled;
      rows_ = is_sampled ? std::nullopt : request_->selected(i);
      finish_unit(is_sampled ? sample : outputs, is_sampled ? 0 : i, job.units[i],
                  size_of(job.buffer.get(), job.units[i]));
    }
    attach_found();
    choose_rows();
  } catch (const std::exception& e) {
    throw std::runtime_error("inference on " + place_of(job.units.front()) + ": " + e.what());
  }
}

void Work::finish_unit(const std::vector<TensorView>& outputs, std::size_t index, const Unit& unit, Size frame) {
  if (decision_.settings.wants_tensors)
    attach_tensors(decision_, unit, outputs, index, backend_->model().inputs.size(), request_->kept_on_device());
  if (masks_) {
    masks_->attach(outputs, index, unit);
  } else if (decision_.has_no_head) {
    unit.frame->bInferDone = 1;
  } else if (decision_.task == Task::classification) {
    classify(outputs, index, unit);
    attach_classifications(decision_, unit, frame, classifications_);
  } else if (decision_.task == Task::segmentation) {
    segment(outputs, index, unit);
  } else if (decision_.task == Task::embedding) {
    embed(outputs, index, unit);
  } else {
    detect(outputs, index, unit, frame);
    if (wishes_.all.empty())
      attach(unit, detections_, details_);
    else
      gather(unit);
  }
}

// Masks are large: of very many, some are made before the rest is looked at.
void Work::gather(const Unit& unit) {
  constexpr std::size_t most_places = 1 << 24;
  for (const auto& details : details_)
    mask_places_ +=
        static_cast<std::size_t>(details.mask.size.width) * static_cast<std::size_t>(details.mask.size.height);
  found_.push_back({&unit, std::move(detections_), std::move(details_)});
  if (mask_places_ >= most_places) attach_found();
}

void Work::attach_found() {
  const float* values = wishes_.all.empty() ? nullptr : request_->make_masks(wishes_);
  for (auto& [unit, detections, details] : found_) {
    if (values) values = take_masks(values, details);
    attach(*unit, detections, details);
    details.clear();
  }
  forget_found();
}

void Work::attach(const Unit& unit, const std::vector<Detection>& detections, const std::vector<Details>& details) {
  attach_detections(decision_, unit, detections, details);
  if (decision_.task == Task::pose) remember_points(unit, detections, details);
}

void Work::forget_found() {
  found_.clear();
  wishes_.all.clear();
  mask_places_ = 0;
}

bool Work::has_other_readers() const { return decision_.settings.wants_tensors || raw_output_.is_wanted(); }

// What nobody else reads need not come from the device.
void Work::choose_rows() {
  const auto rows = head_ && !has_other_readers() ? head_->selection() : std::nullopt;
  std::lock_guard lock(mutex_);
  wanted_rows_ = rows;
}

// Leaves boxes and points in pixels of the frame. Masks lie over boxes, so these are cut to the picture before.
void Work::detect(const std::vector<TensorView>& outputs, std::size_t index, const Unit& unit, Size frame) {
  find(outputs, index, unit);
  const Box picture = picture_of(unit.letterbox);
  if (!unit.region || decision_.settings.clips_outside_roi)
    for (auto& d : detections_) d.box = clamp_to(d.box, picture);
  drop(detections_, [&](const Detection& d) {
    const Box box = shown_box(decision_.settings, d.class_id, to_frame(unit.letterbox, d.box, frame), frame);
    return box.area() <= 0 || !passes(decision_.settings.of_class(d.class_id), box, frame);
  });
  describe(outputs, index);
  for (auto& d : detections_)
    d.box = shown_box(decision_.settings, d.class_id, to_frame(unit.letterbox, d.box, frame), frame);
  for (auto& details : details_)
    for (auto& point : details.keypoints) point = to_frame(unit.letterbox, point);
}

void Work::describe(const std::vector<TensorView>& outputs, std::size_t index) {
  details_.clear();
  if (!head_->has_details()) return;
  if (rows_)
    head_->describe_rows(*rows_, detections_, details_, wishes_);
  else
    head_->describe(outputs, index, detections_, details_);
}

// Leaves boxes in pixels of the network's input, ids as shown.
void Work::find(const std::vector<TensorView>& outputs, std::size_t index, const Unit& unit) {
  detections_.clear();
  if (rows_)
    head_->decode_rows(*rows_, detections_);
  else
    head_->decode(outputs, index, detections_);
  if (!unit.object) health_.look_at(detections_);
  for (auto& d : detections_) d.class_id = decision_.shown_class(d.class_id);
  drop(detections_, [](const Detection& d) { return d.class_id < 0; });
  cluster(detections_, decision_.clusters);
}

// The metadata takes the map over, as it is large: each has its own memory.
void Work::segment(const std::vector<TensorView>& outputs, std::size_t index, const Unit& unit) {
  Segmentation found;
  if (rows_)
    head_->segment_rows(*rows_, found);
  else
    head_->segment(outputs, index, found);
  if (!shown_classes_.empty()) rename_classes(found, shown_classes_, decision_.class_count);
  cut_to_picture(found, decision_.spec.input.size, picture_of(unit.letterbox));
  attach_segmentation(decision_.settings.unique_id, unit, std::move(found));
}

// Programs of DeepStream's read the tensor.
void Work::embed(const std::vector<TensorView>& outputs, std::size_t index, const Unit& unit) {
  head_->embed(outputs, index, embedding_);
  attach_embedding(decision_.settings.unique_id, unit, embedding_);
  remember(unit, {{}, embedding_, {}});
  if (!decision_.settings.wants_tensors)
    attach_tensors(decision_, unit, outputs, index, backend_->model().inputs.size());
}

void Work::classify(const std::vector<TensorView>& outputs, std::size_t index, const Unit& unit) {
  classifications_.clear();
  head_->classify(outputs, index, classifications_);
  remember(unit, {classifications_, {}, {}});
}

void Work::remember_points(const Unit& unit, const std::vector<Detection>& found, const std::vector<Details>& details) {
  const std::size_t surest = surest_of(found);
  if (!unit.object || !decision_.remembers_objects() || surest >= details.size()) return;
  const auto& rect = unit.object->rect_params;
  Known known;
  for (const auto& point : details[surest].keypoints)
    known.points.push_back(share_of({rect.left, rect.top, rect.width, rect.height}, point));
  remember(unit, std::move(known));
}

void Work::remember(const Unit& unit, Known known) {
  if (!unit.object || unit.object->object_id == UNTRACKED_OBJECT_ID || !decision_.remembers_objects()) return;
  results_.store(unit.frame->pad_index, unit.object->object_id, std::move(known));
}

void Work::repeat(const std::vector<Unit>& units) {
  for (const auto& unit : units)
    if (const auto* known = results_.find(unit.frame->pad_index, unit.object->object_id))
      attach_known(decision_, unit, *known);
}

}  // namespace fluvial
