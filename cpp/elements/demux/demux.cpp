// fluvialdemux (nvstreamdemux): one batch in, each source's frames out of a pad of their own.
//
//   in    video/x-raw(memory:NVMM) with NvDsBatchMeta
//   out   src_%u: the frames of the source with that pad_index, one surface a buffer, metadata copied
//   try   videotestsrc num-buffers=9 ! m.sink_0 fluvialmux name=m ! fluvialdemux name=d d.src_0 ! fakesink
//
// Surfaces are shared with the batch, not copied. Frames of sources without a pad are dropped.

#include "elements/demux/demux.h"

#include <gst/base/gstflowcombiner.h>

#include <cstdio>
#include <map>
#include <memory>
#include <mutex>
#include <utility>
#include <vector>

#include "elements/caps.h"
#include "elements/compat_properties.h"
#include "elements/events.h"
#include "elements/guard.h"
#include "meta/batch_buffer.h"
#include "nvds_latency_meta.h"
#include "surface/batch.h"
#include "surface/format.h"

GST_DEBUG_CATEGORY_STATIC(demux_debug);
#define GST_CAT_DEFAULT demux_debug

namespace {

using namespace fluvial;

struct Output {
  GstPad* pad = nullptr;  // owned by the element; nullptr while it is being made
  bool is_started = false, has_caps = false, has_segment = false;  // what was pushed
  SurfaceFormat format;                                            // of those caps
};

struct Unref {
  void operator()(GstBuffer* buffer) const { gst_buffer_unref(buffer); }
};

struct Part {  // of a batch: one frame, ready to be pushed
  guint source = 0;
  SurfaceFormat format;
  std::unique_ptr<GstBuffer, Unref> buffer;
};

struct Impl {
  std::mutex mutex;  // guards outputs; copied out before anything is pushed
  std::map<guint, Output> outputs;
  GstFlowCombiner* combiner = gst_flow_combiner_new();
  int fps_n = 0, fps_d = 1;
  bool ends_streams = false;
  ~Impl() { gst_flow_combiner_free(combiner); }
};

}  // namespace

struct FluvialDemux {
  GstElement parent;
  GstPad* sink;
  Impl* impl;
};
struct FluvialDemuxClass {
  GstElementClass parent;
};
G_DEFINE_TYPE(FluvialDemux, fluvial_demux, GST_TYPE_ELEMENT)

static FluvialDemux* as_demux(gpointer self) { return static_cast<FluvialDemux*>(self); }
static Impl& impl_of(gpointer self) { return *as_demux(self)->impl; }

// What the batch notes of one frame's latency goes with the frame.
static void copy_latency(const NvDsBatchMeta* from, const NvDsFrameMeta* frame, NvDsBatchMeta* to) {
  if (!nvds_get_enable_latency_measurement()) return;
  for (auto* user : each<NvDsUserMeta>(from->batch_user_meta_list)) {
    if (user->base_meta.meta_type != NVDS_LATENCY_MEASUREMENT_META) continue;
    const auto* note = static_cast<NvDsMetaCompLatency*>(user->user_meta_data);
    if (note->source_id != frame->source_id || note->frame_num != static_cast<guint>(frame->frame_num)) continue;
    GList one = {user, nullptr, nullptr};
    nvds_copy_batch_user_meta_list(&one, to);
  }
}

// A buffer with one surface of the batch and a deep copy of its frame's metadata.
static GstBuffer* frame_buffer(GstBuffer* batch_buffer, NvDsFrameMeta* frame) {
  auto* buffer = new_batch_buffer({surface_at(batch_buffer, frame->batch_id)});
  GST_BUFFER_PTS(buffer) = GST_CLOCK_TIME_IS_VALID(frame->buf_pts) ? frame->buf_pts : GST_BUFFER_PTS(batch_buffer);
  GST_BUFFER_DURATION(buffer) = GST_BUFFER_DURATION(batch_buffer);
  auto* batch = add_batch_meta(buffer, 1);
  auto* copy = nvds_acquire_frame_meta_from_pool(batch);
  nvds_copy_frame_meta(frame, copy);
  copy->batch_id = 0;
  nvds_add_frame_meta_to_batch(batch, copy);
  copy_latency(frame->base_meta.batch_meta, frame, batch);
  return buffer;
}

static void push_stream_start(FluvialDemux* self, GstPad* pad) {
  gchar* id = gst_pad_create_stream_id(pad, GST_ELEMENT(self), GST_PAD_NAME(pad));
  gst_pad_push_event(pad, gst_event_new_stream_start(id));
  g_free(id);
}

// A reference to the pad of a source, made ready for frames of this format; nullptr when it is gone or leads nowhere.
static GstPad* ready_pad(FluvialDemux* self, guint source_id, const SurfaceFormat& format) {
  auto& impl = impl_of(self);
  GstPad* pad = nullptr;
  Output before;
  int fps_n = 0, fps_d = 1;
  {
    std::lock_guard lock(impl.mutex);
    const auto found = impl.outputs.find(source_id);
    if (found == impl.outputs.end() || !found->second.pad) return nullptr;
    // Nothing begins on a pad without a peer: a sticky event pushed while the peer is being linked can be lost.
    if (!gst_pad_is_linked(found->second.pad)) return nullptr;
    auto& output = found->second;
    pad = GST_PAD(gst_object_ref(output.pad));
    before = output;
    output = {output.pad, true, true, true, format};
    fps_n = impl.fps_n;
    fps_d = impl.fps_d;
  }
  if (!before.is_started) push_stream_start(self, pad);
  if (!before.has_caps || !(before.format == format)) {
    auto* caps = surface_caps(format, fps_n, fps_d, 1);
    gst_pad_push_event(pad, gst_event_new_caps(caps));
    gst_caps_unref(caps);
  }
  if (!before.has_segment) {
    GstSegment segment;
    gst_segment_init(&segment, GST_FORMAT_TIME);
    gst_pad_push_event(pad, gst_event_new_segment(&segment));
  }
  return pad;
}

static bool is_wanted(Impl& impl, guint source_id) {
  std::lock_guard lock(impl.mutex);
  return impl.outputs.count(source_id) > 0;
}

// Frames of sources that have a pad. The batch may be on other branches too: it is read under its lock, and pushed not.
static std::vector<Part> take_apart(Impl& impl, GstBuffer* batch_buffer, NvDsBatchMeta* batch) {
  std::vector<Part> parts;
  MetaLock lock(batch);
  for (auto* frame : each<NvDsFrameMeta>(batch->frame_meta_list)) {
    if (!is_wanted(impl, frame->pad_index)) continue;
    const auto format = surface_at(batch_buffer, frame->batch_id)->format();
    parts.push_back({frame->pad_index, format, std::unique_ptr<GstBuffer, Unref>(frame_buffer(batch_buffer, frame))});
  }
  return parts;
}

static GstFlowReturn push_part(FluvialDemux* self, Part& part) {
  auto& impl = impl_of(self);
  auto* pad = ready_pad(self, part.source, part.format);
  if (!pad) return GST_FLOW_OK;
  auto flow = gst_pad_push(pad, part.buffer.release());
  if (flow == GST_FLOW_NOT_LINKED) flow = GST_FLOW_OK;  // a pad that nobody linked drops, as in DeepStream
  GstFlowReturn combined = GST_FLOW_OK;
  {
    std::lock_guard lock(impl.mutex);
    // A pad that was released meanwhile says FLUSHING, which is nobody else's concern.
    const auto found = impl.outputs.find(part.source);
    if (found != impl.outputs.end() && found->second.pad == pad)
      combined = gst_flow_combiner_update_pad_flow(impl.combiner, pad, flow);
  }
  gst_object_unref(pad);
  return combined;
}

static GstFlowReturn fluvial_demux_chain(GstPad*, GstObject* parent, GstBuffer* buffer) {
  auto* self = as_demux(parent);
  const auto flow = guarded(self, GST_FLOW_ERROR, [&] {
    auto* batch = gst_buffer_get_nvds_batch_meta(buffer);
    if (!batch) throw std::runtime_error("a buffer without batch metadata: put nvstreammux before this element");
    GstFlowReturn result = GST_FLOW_OK;
    for (auto& part : take_apart(impl_of(self), buffer, batch)) {
      result = push_part(self, part);
      if (result != GST_FLOW_OK) break;
    }
    return result;
  });
  gst_buffer_unref(buffer);
  return flow;
}

// References to all pads, or to that of one source.
static std::vector<GstPad*> pads_of(Impl& impl, const guint* source_id = nullptr) {
  std::vector<GstPad*> pads;
  std::lock_guard lock(impl.mutex);
  for (auto& [id, output] : impl.outputs)
    if (output.pad && (!source_id || *source_id == id)) pads.push_back(GST_PAD(gst_object_ref(output.pad)));
  return pads;
}

static void push_to(const std::vector<GstPad*>& pads, GstEvent* event /* taken */) {
  for (auto* pad : pads) {
    gst_pad_push_event(pad, gst_event_ref(event));
    gst_object_unref(pad);
  }
  gst_event_unref(event);
}

// A sink that has not seen a stream begin could not take its end.
static void begin_all(FluvialDemux* self) {
  auto& impl = impl_of(self);
  std::vector<GstPad*> pads;
  {
    std::lock_guard lock(impl.mutex);
    for (auto& [id, output] : impl.outputs)
      if (output.pad && !std::exchange(output.is_started, true)) pads.push_back(GST_PAD(gst_object_ref(output.pad)));
  }
  for (auto* pad : pads) {
    push_stream_start(self, pad);
    gst_object_unref(pad);
  }
}

// What a flush takes away: segments, and what the branches said of their frames.
static void forget_flow(Impl& impl) {
  std::lock_guard lock(impl.mutex);
  for (auto& [id, output] : impl.outputs) output.has_segment = false;
  gst_flow_combiner_reset(impl.combiner);
}

static bool message_source(GstEvent* event, guint& id) {
  GstMessage* message = nullptr;
  gst_event_parse_sink_message(event, &message);
  const auto* s = message ? gst_message_get_structure(message) : nullptr;
  const bool has_id = s && gst_structure_has_name(s, "stream-eos") && gst_structure_get_uint(s, "stream-id", &id);
  if (message) gst_message_unref(message);
  return has_id;
}

static gboolean fluvial_demux_sink_event(GstPad* pad, GstObject* parent, GstEvent* event) {
  auto* self = as_demux(parent);
  auto& impl = impl_of(self);
  guint id = 0;
  switch (GST_EVENT_TYPE(event)) {
    case GST_EVENT_CAPS: {
      GstCaps* caps = nullptr;
      gst_event_parse_caps(event, &caps);
      std::lock_guard lock(impl.mutex);
      gst_structure_get_fraction(gst_caps_get_structure(caps, 0), "framerate", &impl.fps_n, &impl.fps_d);
      break;
    }
    case GST_EVENT_STREAM_START:  // each pad makes its own
    case GST_EVENT_SEGMENT: break;
    case GST_EVENT_EOS:
      begin_all(self);
      push_to(pads_of(impl), event);
      return TRUE;
    case GST_EVENT_FLUSH_STOP: {
      const auto is_taken = gst_pad_event_default(pad, parent, event);
      forget_flow(impl);
      return is_taken;
    }
    case GST_EVENT_SINK_MESSAGE:
      if (message_source(event, id)) {
        push_to(pads_of(impl, &id), event);
        return TRUE;
      }
      [[fallthrough]];
    default:
      if (is_source_event(event, event_stream_eos, id)) {
        bool ends = false;
        {
          std::lock_guard lock(impl.mutex);
          ends = impl.ends_streams;
        }
        if (ends) push_to(pads_of(impl, &id), gst_event_new_eos());
      }
      if (GST_EVENT_IS_SERIALIZED(event)) begin_all(self);  // nothing goes before a stream's start
      return gst_pad_event_default(pad, parent, event);
  }
  gst_event_unref(event);
  return TRUE;
}

static GstPad* fluvial_demux_request_new_pad(GstElement* element, GstPadTemplate* templ, const gchar* name,
                                             const GstCaps*) {
  auto& impl = impl_of(element);
  guint id = 0;
  {
    std::lock_guard lock(impl.mutex);
    if (name && std::sscanf(name, "src_%u", &id) == 1) {
      if (impl.outputs.count(id)) return nullptr;
    } else {
      while (impl.outputs.count(id)) ++id;
    }
    impl.outputs[id] = {};  // the number is taken
  }
  gchar* pad_name = g_strdup_printf("src_%u", id);
  auto* pad = gst_pad_new_from_template(templ, pad_name);
  g_free(pad_name);
  gst_pad_use_fixed_caps(pad);
  gst_pad_set_active(pad, TRUE);
  gst_element_add_pad(element, pad);
  // Frames only now: one pushed into a pad that is not active yet would stop the whole demuxer.
  std::lock_guard lock(impl.mutex);
  impl.outputs[id].pad = pad;
  gst_flow_combiner_add_pad(impl.combiner, pad);
  return pad;
}

static void fluvial_demux_release_pad(GstElement* element, GstPad* pad) {
  auto& impl = impl_of(element);
  {
    std::lock_guard lock(impl.mutex);
    for (auto it = impl.outputs.begin(); it != impl.outputs.end();)
      it = it->second.pad == pad ? impl.outputs.erase(it) : ++it;
    gst_flow_combiner_remove_pad(impl.combiner, pad);
  }
  gst_pad_set_active(pad, FALSE);
  gst_element_remove_pad(element, pad);
}

static GstStateChangeReturn fluvial_demux_change_state(GstElement* element, GstStateChange change) {
  const auto result = GST_ELEMENT_CLASS(fluvial_demux_parent_class)->change_state(element, change);
  if (change == GST_STATE_CHANGE_PAUSED_TO_READY) {
    auto& impl = impl_of(element);
    std::lock_guard lock(impl.mutex);
    for (auto& [id, output] : impl.outputs) output = {output.pad};
    gst_flow_combiner_reset(impl.combiner);
  }
  return result;
}

enum { PROP_0, PROP_STREAM_EOS };

static void fluvial_demux_set_property(GObject* self, guint, const GValue* value, GParamSpec*) {
  std::lock_guard lock(impl_of(self).mutex);
  impl_of(self).ends_streams = g_value_get_boolean(value);
}

static void fluvial_demux_get_property(GObject* self, guint, GValue* value, GParamSpec*) {
  std::lock_guard lock(impl_of(self).mutex);
  g_value_set_boolean(value, impl_of(self).ends_streams);
}

static void fluvial_demux_init(FluvialDemux* self) {
  self->impl = new Impl();
  self->sink =
      gst_pad_new_from_template(gst_element_class_get_pad_template(GST_ELEMENT_GET_CLASS(self), "sink"), "sink");
  gst_pad_set_chain_function(self->sink, fluvial_demux_chain);
  gst_pad_set_event_function(self->sink, fluvial_demux_sink_event);
  gst_element_add_pad(GST_ELEMENT(self), self->sink);
}

static void fluvial_demux_finalize(GObject* object) {
  delete &impl_of(object);
  G_OBJECT_CLASS(fluvial_demux_parent_class)->finalize(object);
}

static void fluvial_demux_class_init(FluvialDemuxClass* klass) {
  auto* object = G_OBJECT_CLASS(klass);
  object->finalize = fluvial_demux_finalize;
  object->set_property = fluvial_demux_set_property;
  object->get_property = fluvial_demux_get_property;
  PropertyInstaller(object, PROP_STREAM_EOS)
      .add_bool("per-stream-eos", "End a source's pad as soon as that source ends", false);

  auto* element = GST_ELEMENT_CLASS(klass);
  element->request_new_pad = fluvial_demux_request_new_pad;
  element->release_pad = fluvial_demux_release_pad;
  element->change_state = fluvial_demux_change_state;
  add_pad_template(element, "sink", GST_PAD_SINK, GST_PAD_ALWAYS, any_surface_caps());
  add_pad_template(element, "src_%u", GST_PAD_SRC, GST_PAD_REQUEST, any_surface_caps());
  gst_element_class_set_static_metadata(element, "Stream demuxer", "Generic/Video", "Takes batches apart by source",
                                        "Fluvial");
  GST_DEBUG_CATEGORY_INIT(demux_debug, "fluvialdemux", 0, "stream demuxer");
}
