// fluvialmux (nvstreammux): many streams in, one batch of surfaces with DeepStream-shaped metadata out.
//
//   in    sink_%u: video/x-raw(memory:NVMM) or video/x-raw, one frame a buffer, any sizes
//   out   video/x-raw(memory:NVMM) with NvDsBatchMeta; surfaceList[batch_id] is a frame
//   try   videotestsrc num-buffers=9 ! m.sink_0 videotestsrc num-buffers=9 ! m.sink_1 fluvialmux name=m ! fakesink
//
// Surfaces are referenced, not copied. Only with width and height set (DeepStream's old mux) is a frame of another size
// scaled, in its own source's thread. Source threads fill queues and wait when those are full (input.cpp); the src
// pad's task takes a batch by the rule in algo/batching.h (schedule.cpp) and pushes it (output.cpp). The one mutex is
// never held while something is pushed. Here: the element, its pads and its states.

#include "elements/mux/mux.h"

#include <algorithm>
#include <cstdio>
#include <string>
#include <utility>

#include "elements/caps.h"
#include "elements/guard.h"
#include "elements/mux/element.h"
#include "elements/mux/input.h"
#include "elements/mux/output.h"
#include "elements/mux/properties.h"

GST_DEBUG_CATEGORY(fluvial_mux_debug);
#define GST_CAT_DEFAULT fluvial_mux_debug

using namespace fluvial;

struct FluvialMuxClass {
  GstElementClass parent;
};
G_DEFINE_TYPE(FluvialMux, fluvial_mux, GST_TYPE_ELEMENT)

static bool is_used(const MuxState& state, guint id) {
  const auto [begin, end] = state.sources.equal_range(id);
  return std::any_of(begin, end, [](const auto& entry) { return !entry.second->is_released; });
}

static GstPad* fluvial_mux_request_new_pad(GstElement* element, GstPadTemplate* templ, const gchar* name,
                                           const GstCaps*) {
  auto& state = state_of(element);
  guint id = 0;
  auto source = std::make_shared<MuxSource>();
  {
    std::lock_guard lock(state.mutex);
    const bool has_number = name && std::sscanf(name, "sink_%u", &id) == 1;
    while (is_used(state, id)) {
      if (has_number) return nullptr;  // asked for twice
      ++id;
    }
    source->id = id;
    state.sources.emplace(id, source);
    state.delivered.notify_one();
  }
  gchar* pad_name = g_strdup_printf("sink_%u", id);
  auto* pad = gst_pad_new_from_template(templ, pad_name);
  g_free(pad_name);
  use_as_mux_input(pad, std::move(source));
  gst_pad_set_active(pad, TRUE);
  gst_element_add_pad(element, pad);
  return pad;
}

// Never waits for the queue to drain: what was delivered is batched later, by the task.
static void fluvial_mux_release_pad(GstElement* element, GstPad* pad) {
  auto& state = state_of(element);
  {
    std::lock_guard lock(state.mutex);
    auto& gone = source_of(pad);
    gone.is_released = gone.is_ended = true;
    state.wake_sources();
    for (auto it = state.sources.begin(); it != state.sources.end();) {
      const bool is_unknown = it->second.get() == &gone && !gone.start_is_told && gone.frames.empty();
      it = is_unknown ? state.sources.erase(it) : std::next(it);  // nobody downstream has heard of it
    }
    state.delivered.notify_one();
  }
  gst_pad_set_active(pad, FALSE);  // returns when its streaming thread has left our chain function
  gst_element_remove_pad(element, pad);
}

static void forget_stream(MuxState& state) {
  std::lock_guard lock(state.mutex);
  for (auto it = state.sources.begin(); it != state.sources.end();) {
    it->second->begin_anew();
    it = it->second->is_released ? state.sources.erase(it) : ++it;
  }
  state.format.reset();
  state.is_begun = state.is_over = false;
  state.last_pts = GST_CLOCK_TIME_NONE;
  state.next_push_us = 0;
}

static bool is_new_mux(GstElement* element) {
  return g_str_equal(G_OBJECT_TYPE_NAME(element), "nvstreammux") &&
         g_strcmp0(g_getenv("USE_NEW_NVSTREAMMUX"), "yes") == 0;
}

// The file of config-file-path; for DeepStream's new mux what it does without one. Throws SettingsError.
static void read_config(GstElement* element) {
  auto& state = state_of(element);
  std::string file;
  std::optional<MuxConfig> config;
  {
    std::lock_guard lock(state.mutex);
    file = state.settings.config_file;
    if (state.is_new) config.emplace();
  }
  if (!file.empty()) config = read_mux_config(file);
  std::lock_guard lock(state.mutex);
  state.config = std::move(config);
  state.delivered.notify_one();
}

static bool get_ready(GstElement* element) {
  auto& state = state_of(element);
  {
    std::lock_guard lock(state.mutex);
    state.is_new = is_new_mux(element);
    state.shares_batches = g_str_equal(G_OBJECT_TYPE_NAME(element), "nvstreammux") && !state.is_new;
    if (state.is_new && (state.settings.width > 0 || state.settings.height > 0))
      GST_WARNING_OBJECT(element,
                         "width and height have no effect: the new mux (USE_NEW_NVSTREAMMUX=yes) does not scale");
  }
  return guarded(element, false, [element] { return read_config(element), true; });
}

static GstStateChangeReturn fluvial_mux_change_state(GstElement* element, GstStateChange change) {
  if (change == GST_STATE_CHANGE_NULL_TO_READY && !get_ready(element)) return GST_STATE_CHANGE_FAILURE;
  const auto result = GST_ELEMENT_CLASS(fluvial_mux_parent_class)->change_state(element, change);
  if (change == GST_STATE_CHANGE_PAUSED_TO_READY) forget_stream(state_of(element));
  return result;
}

static void fluvial_mux_init(FluvialMux* self) {
  self->state = new MuxState();
  self->src = gst_pad_new_from_template(gst_element_class_get_pad_template(GST_ELEMENT_GET_CLASS(self), "src"), "src");
  use_as_mux_output(self->src);
  gst_element_add_pad(GST_ELEMENT(self), self->src);
}

static void fluvial_mux_finalize(GObject* object) {
  delete &state_of(object);
  G_OBJECT_CLASS(fluvial_mux_parent_class)->finalize(object);
}

static void fluvial_mux_set_property(GObject* self, guint id, const GValue* value, GParamSpec* spec) {
  auto& state = state_of(self);
  if (id >= first_ignored_of_mux) return state.ignored.set(spec, value);
  {
    std::lock_guard lock(state.mutex);
    mux_properties().set(id, state.settings, value);
    state.delivered.notify_one();
    state.wake_sources();  // a larger batch has more room
  }
  const bool is_running = GST_STATE(self) > GST_STATE_NULL;
  if (is_running && g_str_equal(spec->name, "config-file-path"))
    guarded(self, false, [self] { return read_config(GST_ELEMENT(self)), true; });
}

static void fluvial_mux_get_property(GObject* self, guint id, GValue* value, GParamSpec* spec) {
  auto& state = state_of(self);
  if (id >= first_ignored_of_mux) return state.ignored.get(spec, value);
  if (id == mux_copied_bytes) return g_value_set_uint64(value, state.allocator->written_bytes());
  std::lock_guard lock(state.mutex);
  mux_properties().get(id, state.settings, value);
}

static void fluvial_mux_class_init(FluvialMuxClass* klass) {
  auto* object = G_OBJECT_CLASS(klass);
  object->finalize = fluvial_mux_finalize;
  object->set_property = fluvial_mux_set_property;
  object->get_property = fluvial_mux_get_property;
  install_mux_properties(object);
  g_signal_new("dropped", G_TYPE_FROM_CLASS(klass), G_SIGNAL_RUN_LAST, 0, nullptr, nullptr, nullptr, G_TYPE_NONE, 1,
               G_TYPE_POINTER);

  auto* element = GST_ELEMENT_CLASS(klass);
  element->request_new_pad = fluvial_mux_request_new_pad;
  element->release_pad = fluvial_mux_release_pad;
  element->change_state = fluvial_mux_change_state;
  auto* sink_caps = any_video_caps();
  add_pad_template(element, "sink_%u", GST_PAD_SINK, GST_PAD_REQUEST, sink_caps);
  add_pad_template(element, "src", GST_PAD_SRC, GST_PAD_ALWAYS, any_surface_caps());
  gst_element_class_set_static_metadata(element, "Stream muxer", "Generic/Video", "Batches the frames of many streams",
                                        "Fluvial");
  GST_DEBUG_CATEGORY_INIT(fluvial_mux_debug, "fluvialmux", 0, "stream muxer");
}
