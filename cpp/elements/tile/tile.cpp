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

#include "algo/tile_grid.h"
#include "elements/caps.h"
#include "elements/events.h"
#include "elements/guard.h"
#include "elements/tile/metadata.h"
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
  SurfacePtr black;  // what gaps are filled from
};

struct Impl {
  std::mutex mutex;  // guards settings
  TileSettings settings;
  State state;
  IgnoredProperties ignored;
  std::unique_ptr<Allocator> allocator = make_system_allocator();
};

TileSettings settings_of(Impl& impl) {
  std::lock_guard lock(impl.mutex);
  return impl.settings;
}

Size canvas_size(const TileSettings& s) {
  const auto round_up_4 = [](guint v) { return static_cast<int>((v + 3) / 4 * 4); };
  return {round_up_4(s.width), round_up_4(s.height)};
}

// --- layout ----------------------------------------------------------------------------------------------------------

// In these grids the tiles follow each other without holes; else a source's tile is that of its pad.
bool is_sequential(const TileSettings& s) { return s.is_square || s.rows == 0 || s.columns == 0; }

// Only for pads: a grid that follows the sources needs no growing.
void grow_for(TileSettings& s, guint source_id) {
  if (is_sequential(s) || source_id < s.rows * s.columns || source_id >= max_tiles) return;
  const auto grid = grown_grid(static_cast<int>(source_id) + 1);
  s.rows = static_cast<guint>(grid.rows);
  s.columns = static_cast<guint>(grid.columns);
}

TileGrid grid_of(const TileSettings& s, const Sources& sources) {
  const auto count = static_cast<int>(sources.all().size());
  if (s.is_square) return square_grid(count);
  return automatic_grid(count, static_cast<int>(s.rows), static_cast<int>(s.columns));
}

struct Tile {
  Source* source = nullptr;  // null: nothing to show, black
  Box cell;
  Box picture;  // inside the cell
};

Tile tile_in(const Box& cell, Source* source, const TileSettings& s) {
  if (!source || !source->surface || cell.area() <= 0) return {nullptr, cell, {}};
  return {source, cell, s.keeps_aspect ? letterboxed(cell, source->surface->format().size) : cell};
}

std::vector<Tile> single_tile(const TileSettings& s, Sources& sources, Size canvas) {
  const auto shown = sources.all().find(static_cast<guint>(s.shown_source));
  const Box all{0, 0, static_cast<float>(canvas.width), static_cast<float>(canvas.height)};
  return {tile_in(all, shown == sources.all().end() ? nullptr : &shown->second, s)};
}

// One a cell of the grid.
std::vector<Tile> tiles_of(const TileSettings& s, Sources& sources, Size canvas) {
  if (s.shown_source >= 0) return single_tile(s, sources, canvas);
  const TileGrid grid = grid_of(s, sources);
  std::vector<Source*> shown(static_cast<std::size_t>(grid.cells()));
  std::size_t next = 0;
  for (auto& [id, source] : sources.all()) {
    const std::size_t index = is_sequential(s) ? next++ : id;
    if (index < shown.size()) shown[index] = &source;
  }
  std::vector<Tile> tiles;
  for (int i = 0; i < grid.cells(); ++i)
    tiles.push_back(tile_in(tile_box(grid, canvas, i), shown[static_cast<std::size_t>(i)], s));
  return tiles;
}

// --- pixels ----------------------------------------------------------------------------------------------------------

void fill_black(Impl& impl, Surface& canvas, const Box& box) {
  if (box.area() <= 0) return;  // an empty box would be the whole surface
  auto& black = impl.state.black;
  if (!black || !(black->format() == canvas.format())) {
    black = impl.allocator->allocate(canvas.format());
    impl.allocator->clear(*black);
  }
  impl.allocator->transform(*black, canvas, {box, box, Filter::nearest});
}

// Canvases are recycled: what no picture covers still shows an old one.
void fill_gaps(Impl& impl, Surface& canvas, const std::vector<Tile>& tiles) {
  const auto& last = tiles.back().cell;  // the lower right one
  const Box all{0, 0, static_cast<float>(canvas.format().size.width), static_cast<float>(canvas.format().size.height)};
  fill_black(impl, canvas, {last.right(), 0, all.width - last.right(), all.height});
  fill_black(impl, canvas, {0, last.bottom(), all.width, all.height - last.bottom()});
  for (const auto& [source, cell, picture] : tiles) {
    if (!source) {
      fill_black(impl, canvas, cell);
      continue;
    }
    fill_black(impl, canvas, {cell.left, cell.top, picture.left - cell.left, cell.height});
    fill_black(impl, canvas, {picture.right(), cell.top, cell.right() - picture.right(), cell.height});
    fill_black(impl, canvas, {picture.left, cell.top, picture.width, picture.top - cell.top});
    fill_black(impl, canvas, {picture.left, picture.bottom(), picture.width, cell.bottom() - picture.bottom()});
  }
}

// A picture that stands still is scaled once and copied from then on.
const SurfacePtr& still_picture(Impl& impl, Source& source, const Box& picture, Filter filter) {
  SurfaceFormat format = source.surface->format();
  format.size = {static_cast<int>(picture.width), static_cast<int>(picture.height)};
  if (!source.scaled || !(source.scaled->format() == format)) {
    source.scaled = impl.allocator->allocate(format);
    impl.allocator->transform(*source.surface, *source.scaled, {{}, {}, filter});
  }
  return source.scaled;
}

void draw_tile(Impl& impl, Surface& canvas, const Tile& tile, Filter filter) {
  const auto& from =
      tile.source->is_in_batch ? tile.source->surface : still_picture(impl, *tile.source, tile.picture, filter);
  impl.allocator->transform(*from, canvas, {{}, tile.picture, filter});
}

SurfacePtr draw_canvas(Impl& impl, const std::vector<Tile>& tiles, Filter filter) {
  const auto& format = impl.state.canvas;
  const auto& only = tiles.front();
  // A frame that is as large as the canvas is the canvas.
  if (tiles.size() == 1 && only.source && only.source->surface->format() == format &&
      only.picture.area() == static_cast<float>(format.size.width) * static_cast<float>(format.size.height))
    return only.source->surface;
  auto canvas = impl.allocator->allocate(format);
  fill_gaps(impl, *canvas, tiles);
  for (const auto& tile : tiles)
    if (tile.source) draw_tile(impl, *canvas, tile, filter);
  return canvas;
}

// --- metadata --------------------------------------------------------------------------------------------------------

Placement placement_of(const Tile& tile) {
  const Size frame = tile.source->surface->format().size;
  return {tile.picture.width / static_cast<float>(frame.width), tile.picture.height / static_cast<float>(frame.height),
          tile.picture.left, tile.picture.top};
}

void write_metadata(GstBuffer* out, const NvDsBatchMeta& in, const std::vector<Tile>& tiles) {
  auto* batch = add_batch_meta(out, 1);
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
  auto* out = new_batch_buffer({draw_canvas(impl, tiles, filter_numbered(settings.interpolation))});
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
