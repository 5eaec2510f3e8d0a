#include "elements/infer/attach.h"

#include <algorithm>

#include "elements/infer/attach_embedding.h"
#include "elements/infer/attach_keypoints.h"
#include "elements/infer/attach_masks.h"
#include "meta/batch_buffer.h"

namespace fluvial {
namespace {

constexpr float usual_mask_threshold = 0.5F;

NvOSD_ColorParams osd(const Color& c) { return {c.red, c.green, c.blue, c.alpha}; }

void style_box(NvOSD_RectParams& rect, const Box& box, const ClassAttrs& attrs) {
  rect.left = box.left;
  rect.top = box.top;
  rect.width = box.width;
  rect.height = box.height;
  rect.border_width = 3;
  rect.border_color = osd(attrs.border);
  rect.has_bg_color = attrs.background ? 1 : 0;
  if (attrs.background) rect.bg_color = osd(*attrs.background);
}

// White on black, above the box. The offsets are unsigned: what lies above the frame is written at its edge.
void style_text(NvOSD_TextParams& text, const std::string& words, const Box& box) {
  text.display_text = g_strdup(words.c_str());
  text.x_offset = static_cast<unsigned>(std::max(0.0F, box.left));
  text.y_offset = static_cast<unsigned>(std::max(0.0F, box.top - 10));
  text.font_params.font_name = const_cast<char*>("Serif");  // never freed: the struct borrows it
  text.font_params.font_size = 11;
  text.font_params.font_color = {1, 1, 1, 1};
  text.set_bg_clr = 1;
  text.text_bg_clr = {0, 0, 0, 1};
}

NvDsObjectMeta* new_object(const Decision& d, NvDsFrameMeta* frame, const Box& box, int class_id, float confidence) {
  auto* object = nvds_acquire_obj_meta_from_pool(frame->base_meta.batch_meta);
  object->unique_component_id = static_cast<int>(d.settings.unique_id);
  object->class_id = class_id;
  object->object_id = UNTRACKED_OBJECT_ID;
  object->confidence = confidence;
  object->detector_bbox_info.org_bbox_coords = {box.left, box.top, box.width, box.height};
  style_box(object->rect_params, box, d.settings.of_class(class_id));
  return object;
}

void append_to_text(NvOSD_TextParams& text, const std::string& words) {
  const bool has_text = text.display_text && *text.display_text;
  gchar* longer = g_strdup_printf("%s%s%s", has_text ? text.display_text : "", has_text ? " " : "", words.c_str());
  g_free(text.display_text);
  text.display_text = longer;
}

NvDsObjectMeta* add_object(const Decision& d, const Unit& unit, const Detection& detection) {
  auto* object = new_object(d, unit.frame, detection.box, detection.class_id, detection.confidence);
  const std::string label = d.label_of(detection.class_id);
  g_strlcpy(object->obj_label, label.c_str(), sizeof object->obj_label);
  style_text(object->text_params, label, detection.box);
  nvds_add_obj_meta_to_frame(unit.frame, object, unit.object);
  return object;
}

// The number of the object tells masks apart that touch.
void attach_details(const Decision& d, NvDsObjectMeta* object, const Details& details, std::size_t number) {
  attach_keypoints(d.settings.unique_id, object, details.keypoints);
  if (!d.settings.attaches_masks() || details.mask.values.empty()) return;
  attach_mask(object, details.mask, d.settings.segmentation_threshold.value_or(usual_mask_threshold));
  object->rect_params.border_color = colour_of_mask(number);
}

int classes_of(const Decision& d, int attribute) {
  const auto i = static_cast<std::size_t>(attribute);
  return i < d.attribute_labels.size() ? static_cast<int>(d.attribute_labels[i].size()) : d.spec.class_count;
}

NvDsClassifierMeta* new_classifier(const Decision& d, NvDsBatchMeta* batch, const std::vector<Classification>& found) {
  auto* classifier = nvds_acquire_classifier_meta_from_pool(batch);
  classifier->unique_component_id = static_cast<int>(d.settings.unique_id);
  // Interned: programs keep the pointer, and copies of the metadata share it.
  if (!d.settings.classifier_type.empty())
    classifier->classifier_type = g_intern_string(d.settings.classifier_type.c_str());
  for (const auto& result : found) {
    auto* info = nvds_acquire_label_info_meta_from_pool(batch);
    info->num_classes = static_cast<guint>(classes_of(d, result.attribute));
    info->label_id = static_cast<guint>(result.attribute);
    info->result_class_id = static_cast<guint>(result.class_id);
    info->result_prob = result.confidence;
    g_strlcpy(info->result_label, d.label_of(result).c_str(), sizeof info->result_label);
    nvds_add_label_info_meta_to_classifier(classifier, info);
  }
  return classifier;
}

}  // namespace

std::size_t surest_of(const std::vector<Detection>& found) {
  const auto is_less = [](const auto& a, const auto& b) { return a.confidence < b.confidence; };
  return static_cast<std::size_t>(std::max_element(found.begin(), found.end(), is_less) - found.begin());
}

Box shown_box(const InferSettings& settings, int class_id, const Box& box, Size frame) {
  if (!settings.crops_to_roi) return box;
  const auto& attrs = settings.of_class(class_id);
  const int height = std::max(0, frame.height - attrs.roi_top - attrs.roi_bottom);
  return clamp_to(box,
                  {0, static_cast<float>(attrs.roi_top), static_cast<float>(frame.width), static_cast<float>(height)});
}

bool passes(const ClassAttrs& attrs, const Box& box, Size frame) {
  if (box.width < static_cast<float>(attrs.min_width) || box.height < static_cast<float>(attrs.min_height))
    return false;
  if (attrs.max_width > 0 && box.width > static_cast<float>(attrs.max_width)) return false;
  if (attrs.max_height > 0 && box.height > static_cast<float>(attrs.max_height)) return false;
  return box.top >= static_cast<float>(attrs.roi_top) &&
         box.bottom() <= static_cast<float>(frame.height - attrs.roi_bottom);
}

void attach_detections(const Decision& d, const Unit& unit, const std::vector<Detection>& found,
                       const std::vector<Details>& details) {
  const MetaLock lock(unit.frame->base_meta.batch_meta);
  if (d.task == Task::pose && unit.object) {
    const std::size_t surest = surest_of(found);
    if (surest < details.size()) attach_details(d, unit.object, details[surest], surest);
    return;
  }
  for (std::size_t i = 0; i < found.size(); ++i) {
    auto* object = add_object(d, unit, found[i]);
    if (i < details.size()) attach_details(d, object, details[i], i);
  }
  if (!unit.object) unit.frame->bInferDone = 1;
}

void attach_classifications(const Decision& d, const Unit& unit, Size frame, const std::vector<Classification>& found) {
  const MetaLock lock(unit.frame->base_meta.batch_meta);
  if (!unit.object) unit.frame->bInferDone = 1;
  if (found.empty()) return;
  if (unit.region) {
    auto* classifier = new_classifier(d, unit.frame->base_meta.batch_meta, found);
    nvds_add_classifier_meta_to_roi(unit.region, classifier);
    if (!unit.object) return;
  }
  if (unit.object) return attach_classifications(d, unit.object, found);
  const Box whole{0, 0, static_cast<float>(frame.width), static_cast<float>(frame.height)};
  auto* object = new_object(d, unit.frame, whole, 0, found[0].confidence);
  style_text(object->text_params, "", whole);
  nvds_add_obj_meta_to_frame(unit.frame, object, nullptr);
  attach_classifications(d, object, found);
}

void attach_classifications(const Decision& d, NvDsObjectMeta* object, const std::vector<Classification>& found) {
  if (found.empty()) return;
  auto* batch = object->base_meta.batch_meta;
  const MetaLock lock(batch);
  for (const auto& result : found) append_to_text(object->text_params, d.label_of(result));
  nvds_add_classifier_meta_to_object(object, new_classifier(d, batch, found));
}

void attach_known(const Decision& d, const Unit& unit, const Known& known) {
  attach_classifications(d, unit.object, known.classes);
  if (!known.embedding.empty()) attach_embedding(d.settings.unique_id, unit, known.embedding);
  const auto& rect = unit.object->rect_params;
  std::vector<Keypoint> points;
  for (const auto& share : known.points)
    points.push_back(place_in({rect.left, rect.top, rect.width, rect.height}, share));
  attach_keypoints(d.settings.unique_id, unit.object, points);
}

}  // namespace fluvial
