// fluvialdraw (nvdsosd): draws boxes, text, lines, arrows, circles, masks, key points and blurs of the metadata onto
// the frames.
//
//   in    video/x-raw(memory:NVMM), RGBA or BGRx, with batch metadata
//   out   the same buffer; frames with something to draw have it in their pixels
//   try   videotestsrc num-buffers=9 ! m.sink_0
//         fluvialmux name=m ! fluvialconvert ! fluvialdraw display-clock=true ! fakesink
//
// Each frame's metadata goes onto that frame's own surface. DeepStream draws the metadata of all frames onto surface 0,
// which is the same for the batches of one that reach it there, behind a tiler or a demuxer.
// Pixels are written where they lie, on a GPU too; only a surface that others see too is copied first, and none without
// drawings.

#include "elements/draw/draw.h"

#include <gst/base/gstbasetransform.h>

#include <atomic>
#include <cstdlib>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "elements/caps.h"
#include "elements/draw/frame.h"
#include "elements/draw/settings.h"
#include "elements/draw/surface_painter.h"
#include "elements/draw/text.h"
#include "elements/guard.h"
#include "meta/batch_buffer.h"
#include "surface/batch.h"

GST_DEBUG_CATEGORY_STATIC(draw_debug);
#define GST_CAT_DEFAULT draw_debug

namespace {

using namespace fluvial;

struct State {  // from start to stop; the streaming thread's
  TextRenderer texts;
  SurfacePainter painter;
  std::string parsed_classes;  // what `blurred` was made from
  Classes blurred;
  bool has_warned = false;
  bool has_warned_of_font = false;
};

struct Impl {
  std::mutex mutex;  // guards settings
  DrawSettings settings;
  std::optional<State> state;
  std::atomic<guint> cached_texts{0};
  IgnoredProperties ignored;
  std::unique_ptr<Allocator> allocator = make_allocator();
};

DrawSettings settings_of(Impl& impl) {
  std::lock_guard lock(impl.mutex);
  return impl.settings;
}

// --- settings --------------------------------------------------------------------------------------------------------

[[noreturn]] void refuse_classes(const std::string& text) {
  throw SettingsError("blur-on-gie-class-ids='" + text +
                      "': expected pairs gie-id,class-id separated by semicolons, such as 1,0;1,2");
}

int parse_number(const char*& at, const std::string& whole) {
  char* end = nullptr;
  const long number = std::strtol(at, &end, 10);
  if (end == at || number < G_MININT || number > G_MAXINT) refuse_classes(whole);
  at = end;
  return static_cast<int>(number);
}

Classes parse_classes(const std::string& text) {
  Classes classes;
  for (const char* at = text.c_str(); *at;) {
    const int gie = parse_number(at, text);
    if (*at != ',' && *at != ':') refuse_classes(text);
    ++at;
    classes.emplace(gie, parse_number(at, text));
    if (*at != ';' && *at != '\0') refuse_classes(text);
    at += *at == ';';
  }
  return classes;
}

void use_classes(State& state, const std::string& text) {
  if (state.parsed_classes == text) return;
  state.blurred = parse_classes(text);
  state.parsed_classes = text;
}

void warn_of_font(gpointer self, State& state) {
  if (!state.texts.lacks_font() || state.has_warned_of_font) return;
  state.has_warned_of_font = true;
  GST_ELEMENT_WARNING(self, RESOURCE, NOT_FOUND,
                      ("this machine has no font, so no text is drawn; apt-get install fonts-dejavu-core brings one"),
                      (nullptr));
}

void draw_batch(gpointer self, GstBuffer* buffer, const DrawSettings& settings, State& state, Allocator& allocator) {
  auto* batch = gst_buffer_get_nvds_batch_meta(buffer);
  if (!batch) return;  // nothing upstream has anything to say about the pictures
  state.painter.forget();
  for (auto* frame : each<NvDsFrameMeta>(batch->frame_meta_list)) {
    if (!shows_anything(*frame, settings)) continue;
    if (frame->batch_id >= surface_count(buffer)) {
      if (!state.has_warned)
        GST_WARNING_OBJECT(self, "a frame meta has batch_id %u, the buffer holds %" G_GSIZE_FORMAT " surfaces",
                           frame->batch_id, surface_count(buffer));
      state.has_warned = true;
      continue;
    }
    const auto surface = private_surface_at(buffer, frame->batch_id, allocator);
    state.painter.draw(*surface, [&](Canvas& canvas) {
      draw_frame({*frame, settings, state.blurred, state.texts, canvas});
    });
  }
  state.painter.finish();
  warn_of_font(self, state);
}

}  // namespace

struct FluvialDraw {
  GstBaseTransform parent;
  Impl* impl;
};
struct FluvialDrawClass {
  GstBaseTransformClass parent;
};
G_DEFINE_TYPE(FluvialDraw, fluvial_draw, GST_TYPE_BASE_TRANSFORM)

static Impl& impl_of(gpointer self) { return *reinterpret_cast<FluvialDraw*>(self)->impl; }

static void fluvial_draw_init(FluvialDraw* self) {
  self->impl = new Impl();
  gst_base_transform_set_in_place(GST_BASE_TRANSFORM(self), TRUE);
}

static void fluvial_draw_finalize(GObject* object) {
  delete &impl_of(object);
  G_OBJECT_CLASS(fluvial_draw_parent_class)->finalize(object);
}

static gboolean fluvial_draw_start(GstBaseTransform* self) {
  return guarded(self, FALSE, [&] {
    auto& impl = impl_of(self);
    impl.state.emplace();
    use_classes(*impl.state, settings_of(impl).blurred_classes);
    return TRUE;
  });
}

static gboolean fluvial_draw_stop(GstBaseTransform* self) {
  impl_of(self).state.reset();
  impl_of(self).cached_texts = 0;
  return TRUE;
}

static GstFlowReturn fluvial_draw_transform_ip(GstBaseTransform* self, GstBuffer* buffer) {
  return guarded(self, GST_FLOW_ERROR, [&] {
    auto& impl = impl_of(self);
    const DrawSettings settings = settings_of(impl);
    use_classes(*impl.state, settings.blurred_classes);
    draw_batch(self, buffer, settings, *impl.state, *impl.allocator);
    impl.cached_texts = static_cast<guint>(impl.state->texts.cached_texts());
    return GST_FLOW_OK;
  });
}

// --- properties ------------------------------------------------------------------------------------------------------

static void fluvial_draw_set_property(GObject* self, guint id, const GValue* value, GParamSpec* spec) {
  auto& impl = impl_of(self);
  if (id >= first_ignored_of_draw) return impl.ignored.set(spec, value);
  std::lock_guard lock(impl.mutex);
  draw_properties().set(id, impl.settings, value);
}

static void fluvial_draw_get_property(GObject* self, guint id, GValue* value, GParamSpec* spec) {
  auto& impl = impl_of(self);
  if (id >= first_ignored_of_draw) return impl.ignored.get(spec, value);
  if (id == draw_cached_texts) return g_value_set_uint(value, impl.cached_texts);
  std::lock_guard lock(impl.mutex);
  draw_properties().get(id, impl.settings, value);
}

static void fluvial_draw_class_init(FluvialDrawClass* klass) {
  auto* object = G_OBJECT_CLASS(klass);
  object->finalize = fluvial_draw_finalize;
  object->set_property = fluvial_draw_set_property;
  object->get_property = fluvial_draw_get_property;
  install_draw_properties(object);

  auto* base = GST_BASE_TRANSFORM_CLASS(klass);
  base->start = fluvial_draw_start;
  base->stop = fluvial_draw_stop;
  base->transform_ip = fluvial_draw_transform_ip;

  // RGBA first: a converter before us takes it when it has the choice.
  auto* element = GST_ELEMENT_CLASS(klass);
  add_pad_template(element, "sink", GST_PAD_SINK, GST_PAD_ALWAYS, any_surface_caps("{ RGBA, BGRx }"));
  add_pad_template(element, "src", GST_PAD_SRC, GST_PAD_ALWAYS, any_surface_caps("{ RGBA, BGRx }"));
  gst_element_class_set_static_metadata(element, "Metadata painter", "Filter/Effect/Video",
                                        "Draws boxes, text, shapes and masks of the metadata onto frames", "Fluvial");
  GST_DEBUG_CATEGORY_INIT(draw_debug, "fluvialdraw", 0, "metadata painter");
}
