#include "elements/convert/conversion.h"

#include <algorithm>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "elements/copy_metadata.h"
#include "meta/batch_buffer.h"
#include "meta/scale.h"
#include "surface/batch.h"
#include "surface/format.h"

namespace fluvial {
namespace {

// Frames of a batch may differ in size: a frame keeps its own unless the caps ask for a change.
SurfaceFormat target_format(const Conversion& how, const SurfaceFormat& from) {
  SurfaceFormat to = how.out.format;
  const bool keeps_size =
      how.in.format.size == how.out.format.size && how.transform.flip == Flip::none && how.transform.from.area() <= 0;
  if (keeps_size) to.size = from.size;
  if (from.pixels == to.pixels) to.colorimetry = from.colorimetry;
  return to;
}

void add_jobs(const Conversion& how, const Surface& from, Surface& to, std::vector<TransformJob>& jobs) {
  if (how.transform.to.area() > 0) jobs.push_back({nullptr, &to, {}});
  jobs.push_back({&from, &to, how.transform});
}

// What is to be done for the result goes to `jobs`, so that all frames of a batch are one piece of work.
SurfacePtr converted(const Conversion& how, Allocator& allocator, const SurfacePtr& from,
                     std::vector<TransformJob>& jobs) {
  const SurfaceFormat to = target_format(how, from->format());
  if (from->format() == to && how.is_plain()) return from;
  auto surface = allocator.allocate(to, *from);
  add_jobs(how, *from, *surface, jobs);
  return surface;
}

// The part of a picture inside a box; all of it for an empty box.
Box part_of(Size picture, const Box& box) {
  const float width = float(picture.width), height = float(picture.height);
  if (box.area() <= 0) return {0, 0, width, height};
  const float left = std::min(box.left, width - 1), top = std::min(box.top, height - 1);
  return {left, top, std::min(box.width, width - left), std::min(box.height, height - top)};
}

Placement placement_of(const Transform& how, Size from, Size to) {
  const Box source = part_of(from, how.from), target = part_of(to, how.to);
  Placement p;
  p.scale_x = target.width / source.width;
  p.scale_y = target.height / source.height;
  p.move_x = target.left - source.left * p.scale_x;
  p.move_y = target.top - source.top * p.scale_y;
  return p;
}

void place_metadata(const Conversion& how, GstBuffer* in, GstBuffer* out) {
  auto* batch = gst_buffer_get_nvds_batch_meta(out);
  if (!batch || how.transform.flip != Flip::none) return;  // turned metadata has no reader yet
  for (auto* frame : each<NvDsFrameMeta>(batch->frame_meta_list)) {
    if (how.in.is_surface && frame->batch_id >= surface_count(in)) continue;
    const SurfaceFormat from = how.in.is_surface ? surface_at(in, frame->batch_id)->format() : how.in.format;
    const Size to = how.out.is_surface ? target_format(how, from).size : how.out.format.size;
    if (from.size == to && how.is_whole()) continue;
    place_frame(frame, placement_of(how.transform, from.size, to));
  }
}

}  // namespace

Side side_of(GstCaps* caps) {
  Side side;
  if (!gst_video_info_from_caps(&side.info, caps)) throw std::runtime_error("caps without a video format");
  side.format = surface_format_from_info(side.info);
  side.is_surface = has_surface_feature(caps);
  return side;
}

SurfacePtr only_surface(const Conversion& how, GstBuffer* in) {
  if (!how.in.is_surface) return wrap_video_buffer(in, how.in.info);
  if (surface_count(in) != 1)
    throw std::runtime_error("system memory holds one frame, this batch holds " + std::to_string(surface_count(in)) +
                             "; put nvstreamdemux or nvmultistreamtiler before this element");
  return surface_at(in, 0);
}

GstBuffer* into_surfaces(const Conversion& how, Allocator& allocator, GstBuffer* in) {
  std::vector<SurfacePtr> sources, surfaces;
  if (how.in.is_surface)
    for (std::size_t i = 0; i < surface_count(in); ++i) sources.push_back(surface_at(in, i));
  else
    sources.push_back(wrap_video_buffer(in, how.in.info));
  std::vector<TransformJob> jobs;
  for (const auto& source : sources) surfaces.push_back(converted(how, allocator, source, jobs));
  if (!jobs.empty()) allocator.transform(jobs);
  auto* out = new_batch_buffer(std::move(surfaces));
  copy_metadata(in, out);
  place_metadata(how, in, out);
  return out;
}

GstBuffer* unwrapped(const Conversion& how, GstBuffer* in, const SurfacePtr& surface) {
  if (!how.in.is_surface || !surface->source() || !(surface->format() == how.out.format) || !how.is_plain())
    return nullptr;
  auto* out = gst_buffer_new();
  gst_buffer_copy_into(out, surface->source(), GST_BUFFER_COPY_MEMORY, 0, gsize(-1));  // shares it
  copy_memory_metadata(surface->source(), out);
  copy_metadata(in, out);
  return out;
}

void fill_system_memory(const Conversion& how, Allocator& allocator, GstBuffer* in, const Surface& surface,
                        GstBuffer* out) {
  auto target = wrap_video_buffer(out, how.out.info, GST_MAP_WRITE);
  std::vector<TransformJob> jobs;
  add_jobs(how, surface, *target, jobs);
  allocator.transform(jobs);
  place_metadata(how, in, out);
}

}  // namespace fluvial
