#include "elements/infer/post/tensor_reader.h"

#include <algorithm>

#include "algo/inspect.h"
#include "elements/config_report.h"
#include "elements/config_values.h"
#include "elements/guard.h"
#include "elements/infer/decision.h"
#include "elements/infer/tensor_input.h"
#include "meta/batch_buffer.h"
#include "nvdspreprocess_meta.h"
#include "surface/batch.h"

namespace fluvial {
namespace {

constexpr const char* release_key = "release-tensor-meta";

std::vector<TensorInfo> infos_of(const std::vector<TensorView>& tensors) {
  std::vector<TensorInfo> infos;
  for (const auto& tensor : tensors) infos.push_back({tensor.name, tensor.type, tensor.shape});
  return infos;
}

bool are_alike(const std::vector<TensorInfo>& a, const std::vector<TensorInfo>& b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](const TensorInfo& one, const TensorInfo& other) {
    return one.name == other.name && one.type == other.type && one.shape == other.shape;
  });
}

// Which pictures were fed is not ours to say any more: defaults keep inspection from asking.
InferSettings with_feeding(InferSettings settings, const NvDsInferTensorMeta& tensors) {
  if (!settings.color_format) settings.color_format = tensors.network_info.channels == 1 ? 2 : 0;
  if (!settings.net_scale_factor) settings.net_scale_factor = 1.0F;
  settings.wants_tensors = false;  // they are there
  return settings;
}

}  // namespace

PostConfig read_post_config(const std::string& path) {
  PostConfig config;
  config.infer = read_nvinfer_config(path);
  auto& warnings = config.infer.warnings;
  const auto is_ours = [](const std::string& text) { return text.find(release_key) != std::string::npos; };
  warnings.erase(std::remove_if(warnings.begin(), warnings.end(), is_ours), warnings.end());
  ConfigReport report(path);
  try {
    for (const auto& entry : read_config_text(path))
      if (entry.group == "property" && entry.key == release_key)
        report.judge(entry, [&] { config.releases_tensors = yes_or_no(entry.value); });
  } catch (const std::exception&) {
    return config;  // read_nvinfer_config has said so
  }
  for (const auto& problem : report.problems) config.infer.problems.push_back(problem);
  return config;
}

TensorReader::TensorReader(InferSettings settings, bool releases_tensors, bool is_in_regions, Complain complain)
    : settings_(std::move(settings)),
      releases_tensors_(releases_tensors),
      is_in_regions_(is_in_regions),
      complain_(std::move(complain)) {}

void TensorReader::find_in(GList* users, const Unit& unit, std::vector<Found>& found) const {
  for (auto* user : each<NvDsUserMeta>(users)) {
    if (user->base_meta.meta_type != NVDSINFER_TENSOR_OUTPUT_META) continue;
    const auto* tensors = static_cast<const NvDsInferTensorMeta*>(user->user_meta_data);
    if (tensors->unique_id == settings_.unique_id) found.push_back({unit, user, tensors});
  }
}

std::vector<TensorReader::Found> TensorReader::find(GstBuffer*, NvDsBatchMeta* batch) const {
  std::vector<Found> found;
  for (auto* frame : each<NvDsFrameMeta>(batch->frame_meta_list)) {
    if (settings_.process_mode == ProcessMode::frames) {
      find_in(frame->frame_user_meta_list, {frame, nullptr, {}}, found);
    } else {
      for (auto* object : each<NvDsObjectMeta>(frame->obj_meta_list))
        find_in(object->obj_user_meta_list, {frame, object, {}}, found);
    }
  }
  if (!is_in_regions_) return found;
  for (auto* user : each<NvDsUserMeta>(batch->batch_user_meta_list)) {
    if (user->base_meta.meta_type != NVDS_PREPROCESS_BATCH_META) continue;
    for (auto& region : static_cast<GstNvDsPreProcessBatchMeta*>(user->user_meta_data)->roi_vector) {
      Unit unit{region.frame_meta, region.object_meta, {}};
      unit.region = &region;
      if (unit.frame) find_in(region.roi_user_meta_list, unit, found);
    }
  }
  return found;
}

// Of a model with a batch, the metadata has one picture's part; of one without, all. Only the outputs tell.
void TensorReader::begin(const NvDsInferTensorMeta& tensors) {
  const InferSettings settings = with_feeding(settings_, tensors);
  Decision decision;
  try {
    decision = decide(settings, {info_of(tensors, true).path, "", "", {}, {}}, info_of(tensors, true));
  } catch (const UndecidableModel& e) {
    has_batch_ = false;
    try {
      decision = decide(settings, {info_of(tensors, false).path, "", "", {}, {}}, info_of(tensors, false));
    } catch (const UndecidableModel&) {
      throw SettingsError(e.what());
    }
  }
  for (const auto& text : decision.warnings) complain_(text);
  auto given = std::make_unique<GivenTensors>(info_of(tensors, has_batch_));
  given_ = given.get();
  work_ = std::make_unique<Work>(std::move(decision), std::move(given), complain_);
}

void TensorReader::place(Unit& unit, const NvDsInferTensorMeta& tensors, GstBuffer* buffer) const {
  if (unit.region) {
    unit.letterbox = letterbox_of(*unit.region);
    return;
  }
  InputSpec input = work_->decision().spec.input;
  input.keeps_aspect = tensors.maintain_aspect_ratio;
  input.is_padding_centred = tensors.symmetric_padding;
  const Size frame = surface_at(buffer, unit.frame->batch_id)->format().size;
  Box crop{0, 0, static_cast<float>(frame.width), static_cast<float>(frame.height)};
  if (unit.object) {
    const auto& rect = unit.object->rect_params;
    crop = {rect.left, rect.top, rect.width, rect.height};
  }
  unit.letterbox = make_letterbox(input, crop, frame);
}

void TensorReader::note_none() {
  if (!work_ && ++empty_batches_ == batches_without_tensors)
    complain_("no tensors of unique-id " + std::to_string(settings_.unique_id) + " in " +
              std::to_string(batches_without_tensors) +
              " batches: is output-tensor-meta=1 set on the inference before, and gie-unique-id right?");
}

void TensorReader::read(GstBuffer* buffer, NvDsBatchMeta* batch) {
  MetaLock lock(batch);
  auto all = find(buffer, batch);
  if (all.empty()) return note_none();
  for (auto& found : all) {
    if (!work_) begin(*found.tensors);
    auto outputs = tensors_of(*found.tensors, has_batch_);
    if (!are_alike(infos_of(outputs), work_->backend().model().outputs))
      throw std::runtime_error("the tensors of unique-id " + std::to_string(settings_.unique_id) +
                               " are not those of the first frame: do two inferences have this unique-id?");
    place(found.unit, *found.tensors, buffer);
    given_->give(std::move(outputs));
    Job job;
    job.buffer.reset(gst_buffer_ref(buffer));
    job.units = {found.unit};
    job.request = work_->requests().acquire();
    job.request.start();
    work_->finish(job);
    if (!releases_tensors_) continue;
    if (found.unit.region)
      nvds_remove_user_meta_from_roi(found.unit.region, found.user);
    else if (found.unit.object)
      nvds_remove_user_meta_from_object(found.unit.object, found.user);
    else
      nvds_remove_user_meta_from_frame(found.unit.frame, found.user);
  }
}

}  // namespace fluvial
