// fluvialtile (nvmultistreamtiler): shows all sources of a batch as tiles of one picture.
//
//   in    video/x-raw(memory:NVMM) with batch metadata; frames of any number of sources
//   out   one surface of width x height; one frame meta with copies of all objects, drawings and frame user metas,
//         moved and scaled with their tiles. Boxes of detector and tracker, masks, font sizes and border widths stay.
//   try   videotestsrc num-buffers=9 ! m.sink_0 videotestsrc num-buffers=9 ! m.sink_1
//         fluvialmux name=m ! fluvialtile width=640 height=240 ! fakesink
//
// A source that a batch lacks keeps its last picture and metadata until its pad is deleted.

#include "elements/tile/tile.h"

#include <gst/base/gstbasetransform.h>

#include <cstring>
#include <mutex>
#include <stdexcept>
#include <vector>

#include "elements/caps.h"
#include "elements/events.h"
#include "elements/guard.h"
#include "elements/tile/layout.h"
#include "elements/tile/metadata.h"
#include "elements/tile/painter.h"
#include "elements/tile/settings.h"
#include "elements/tile/sources.h"
#include "meta/batch_buffer.h"
#include "surface/batch.h"

GST_DEBUG_CATEGORY_STATIC(tile_debug);
#define GST_CAT_DEFAULT tile_debug

namespace {

using namespace fluvial;

struct State {  // from start to stop; the streaming thread's
  Sources sources;
  SurfaceFormat canvas;
};

struct Impl {
  std::mutex mutex;  // guards settings
  TileSettings settings;
  State state;
  IgnoredProperties ignored;
  std::unique_ptr<Allocator> allocator = make_allocator();
  Painter painter{*allocator};
};

TileSettings settings_of(Impl& impl) {
  std::lock_guard lock(impl.mutex);
  return impl.settings;
}

// --- metadata --------------------------------------------------------------------------------------------------------

Placement placement_of(const Tile& tile) {
  const Size frame = tile.source->surface->format().size;
  return {tile.picture.width / static_cast<float>(frame.width), tile.picture.height / static_cast<float>(frame.height),
          tile.picture.left, tile.picture.top};
}

void write_metadata(GstBuffer* out, const NvDsBatchMeta& in, const std::vector<Tile>& tiles) {
  auto* batch = add_batch_meta(out, in.max_frames_in_batch);  // latency is measured for each of them
  auto* frame = nvds_acquire_frame_meta_from_pool(batch);
  frame->num_surfaces_per_frame = 1;
  nvds_add_frame_meta_to_batch(batch, frame);
  for (const auto& tile : tiles)
    if (tile.source) copy_in_order(*tile.source->meta, *frame, placement_of(tile));
  nvds_copy_batch_user_meta_list(in.batch_user_meta_list, batch);
}

// --- sources ---------------------------------------------------------------------------------------------------------

void add_source(gpointer self, Impl& impl, guint id) {
  if (impl.state.sources.knows(id)) return;
  impl.state.sources.add(id);
  std::lock_guard lock(impl.mutex);
  grow_for(impl.settings, id);
  if (!is_sequential(impl.settings) && id >= impl.settings.rows * impl.settings.columns)
    GST_WARNING_OBJECT(self, "source %u is not shown: there are at most %u tiles", id, max_tiles);
}

GstBuffer* compose(gpointer self, Impl& impl, GstBuffer* in) {
  auto* batch = gst_buffer_get_nvds_batch_meta(in);
  if (!batch) throw std::runtime_error("the buffer has no batch metadata; put nvstreammux before this element");
  for (auto* frame : each<NvDsFrameMeta>(batch->frame_meta_list)) add_source(self, impl, frame->pad_index);
  impl.state.sources.update(in, batch);
  const TileSettings settings = settings_of(impl);
  const auto tiles = tiles_of(settings, impl.state.sources, impl.state.canvas.size);
  auto* out = new_batch_buffer({impl.painter.draw(impl.state.canvas, tiles, filter_numbered(settings.interpolation))});
  gst_buffer_copy_into(out, in, GstBufferCopyFlags(GST_BUFFER_COPY_TIMESTAMPS | GST_BUFFER_COPY_FLAGS), 0, gsize(-1));
  write_metadata(out, *batch, tiles);
  return out;
}

}  // namespace

struct FluvialTile {
  GstBaseTransform parent;
  Impl* impl;
};
struct FluvialTileClass {
  GstBaseTransformClass parent;
};
G_DEFINE_TYPE(FluvialTile, fluvial_tile, GST_TYPE_BASE_TRANSFORM)

static Impl& impl_of(gpointer self) { return *reinterpret_cast<FluvialTile*>(self)->impl; }

static void fluvial_tile_init(FluvialTile* self) { self->impl = new Impl(); }

// Under our own name the grid follows the sources and pictures are averaged when they shrink; under DeepStream's the
// defaults are DeepStream's.
static void fluvial_tile_constructed(GObject* self) {
  G_OBJECT_CLASS(fluvial_tile_parent_class)->constructed(self);
  if (G_OBJECT_TYPE(self) != fluvial_tile_get_type()) return;
  auto& settings = impl_of(self).settings;
  settings.rows = settings.columns = 0;
  settings.interpolation = 6;
}

static void fluvial_tile_finalize(GObject* object) {
  delete &impl_of(object);
  G_OBJECT_CLASS(fluvial_tile_parent_class)->finalize(object);
}

// --- caps ------------------------------------------------------------------------------------------------------------

static void set_output(GstStructure* s, Size size) {
  gst_structure_remove_field(s, "pixel-aspect-ratio");
  gst_structure_set(s, "width", G_TYPE_INT, size.width, "height", G_TYPE_INT, size.height, "batch-size", G_TYPE_INT, 1,
                    nullptr);
}

static void set_any_input(GstStructure* s) {
  gst_structure_remove_fields(s, "pixel-aspect-ratio", "batch-size", nullptr);
  gst_structure_set(s, "width", GST_TYPE_INT_RANGE, 1, G_MAXINT, "height", GST_TYPE_INT_RANGE, 1, G_MAXINT, nullptr);
}

// The format goes through; the size is ours.
static GstCaps* fluvial_tile_transform_caps(GstBaseTransform* self, GstPadDirection direction, GstCaps* caps,
                                            GstCaps* filter) {
  const Size size = canvas_size(settings_of(impl_of(self)));
  auto* result = gst_caps_copy(caps);
  for (guint i = 0; i < gst_caps_get_size(result); ++i) {
    auto* s = gst_caps_get_structure(result, i);
    direction == GST_PAD_SINK ? set_output(s, size) : set_any_input(s);
  }
  return narrowed(result, filter);
}

static gboolean fluvial_tile_set_caps(GstBaseTransform* self, GstCaps*, GstCaps* out) {
  return surface_format_from_caps(out, impl_of(self).state.canvas);
}

static gboolean fluvial_tile_get_unit_size(GstBaseTransform*, GstCaps*, gsize* size) {
  *size = sizeof(NvBufSurface);
  return TRUE;
}

// --- streaming -------------------------------------------------------------------------------------------------------

static gboolean fluvial_tile_stop(GstBaseTransform* self) {
  impl_of(self).state = State();
  return TRUE;
}

static gboolean fluvial_tile_sink_event(GstBaseTransform* self, GstEvent* event) {
  guint id = 0;
  if (is_source_event(event, event_pad_added, id)) add_source(self, impl_of(self), id);
  if (is_source_event(event, event_pad_deleted, id)) impl_of(self).state.sources.remove(id);
  return GST_BASE_TRANSFORM_CLASS(fluvial_tile_parent_class)->sink_event(self, event);
}

static GstFlowReturn fluvial_tile_prepare_output_buffer(GstBaseTransform* self, GstBuffer* in, GstBuffer** out) {
  return guarded(self, GST_FLOW_ERROR, [&] {
    *out = compose(self, impl_of(self), in);
    return GST_FLOW_OK;
  });
}

// All work is done where the output buffer is made. The base class would copy metadata of the input onto it.
static GstFlowReturn fluvial_tile_transform(GstBaseTransform*, GstBuffer*, GstBuffer*) { return GST_FLOW_OK; }

// --- properties ------------------------------------------------------------------------------------------------------

static void fluvial_tile_set_property(GObject* self, guint id, const GValue* value, GParamSpec* spec) {
  auto& impl = impl_of(self);
  if (id >= first_ignored_of_tile) return impl.ignored.set(spec, value);
  if (id == tile_custom_grid) {
    if (g_value_get_pointer(value))
      GST_WARNING_OBJECT(self, "custom-tile-config is not supported: a plain grid is used");
    return;
  }
  const Size before = canvas_size(settings_of(impl));
  {
    std::lock_guard lock(impl.mutex);
    tile_properties().set(id, impl.settings, value);
  }
  if (canvas_size(settings_of(impl)) != before) gst_base_transform_reconfigure_src(GST_BASE_TRANSFORM(self));
}

static void fluvial_tile_get_property(GObject* self, guint id, GValue* value, GParamSpec* spec) {
  auto& impl = impl_of(self);
  if (id >= first_ignored_of_tile) return impl.ignored.get(spec, value);
  if (id == tile_copied_bytes) return g_value_set_uint64(value, impl.allocator->written_bytes());
  std::lock_guard lock(impl.mutex);
  tile_properties().get(id, impl.settings, value);
}

static void fluvial_tile_class_init(FluvialTileClass* klass) {
  auto* object = G_OBJECT_CLASS(klass);
  object->constructed = fluvial_tile_constructed;
  object->finalize = fluvial_tile_finalize;
  object->set_property = fluvial_tile_set_property;
  object->get_property = fluvial_tile_get_property;
  install_tile_properties(object);

  auto* base = GST_BASE_TRANSFORM_CLASS(klass);
  base->transform_caps = fluvial_tile_transform_caps;
  base->set_caps = fluvial_tile_set_caps;
  base->get_unit_size = fluvial_tile_get_unit_size;
  base->stop = fluvial_tile_stop;
  base->sink_event = fluvial_tile_sink_event;
  base->prepare_output_buffer = fluvial_tile_prepare_output_buffer;
  base->transform = fluvial_tile_transform;
  base->passthrough_on_same_caps = FALSE;

  auto* element = GST_ELEMENT_CLASS(klass);
  add_pad_template(element, "sink", GST_PAD_SINK, GST_PAD_ALWAYS, any_surface_caps());
  add_pad_template(element, "src", GST_PAD_SRC, GST_PAD_ALWAYS, any_surface_caps());
  gst_element_class_set_static_metadata(element, "Tiler", "Filter/Video/Compositor",
                                        "Shows all sources of a batch as tiles of one picture", "Fluvial");
  GST_DEBUG_CATEGORY_INIT(tile_debug, "fluvialtile", 0, "tiler");
}
