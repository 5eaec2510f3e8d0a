// Batch and Frame.
#include "bindings/frames.h"

#include <nanobind/stl/optional.h>
#include <nanobind/stl/pair.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/tuple.h>
#include <nanobind/stl/vector.h>

#include <algorithm>
#include <cmath>
#include <optional>

#include "bindings/buffers.h"
#include "bindings/details.h"
#include "bindings/face.h"
#include "bindings/given.h"
#include "bindings/output_tensors.h"
#include "bindings/pixels.h"
#include "bindings/surface_arrays.h"
#include "bindings/tensor_arrays.h"
#include "bindings/values.h"
#include "meta/batch_buffer.h"
#include "meta/frame_notes.h"
#include "meta/live_buffers.h"
#include "surface/batch.h"

namespace fluvial::python {

void Footing::check(const char* type) const {
  if (is_good(ground_)) return;
  set_stale(type, ground_);
  throw nb::python_error();
}

void prepare_for_arrays() { nb::module_::import_("numpy"); }

Root* new_buffer_root(GstBuffer* buffer, PyObject* sources, bool holds_buffer) {
  NvDsBatchMeta* meta = gst_buffer_get_nvds_batch_meta(buffer);
  Root* root = meta ? new_batch_root(meta) : nullptr;
  if (root && !root->lease) Py_CLEAR(root);  // another library's
  if (!root) return nullptr;
  root->buffer = buffer;
  if (holds_buffer) gst_buffer_ref(buffer);
  root->holds_buffer = root->is_kept = holds_buffer;
  root->sources = Py_XNewRef(sources);
  return root;
}

std::vector<Frame> Batch::frames() const {
  NvDsBatchMeta* batch = get();
  LockedMeta lock(batch);
  get();  // waiting may have let it go
  std::vector<Frame> frames;
  for (NvDsFrameMeta* frame : each<NvDsFrameMeta>(batch->frame_meta_list))
    frames.emplace_back(frame, Ground{root(), frame, generation_of(frame)});
  return frames;
}

Objects Frame::objects() const {
  get();
  LockedMeta lock(footing_.root());
  const NvDsFrameMeta* frame = get();
  std::vector<Objects::Entry> entries;
  entries.reserve(g_list_length(frame->obj_meta_list));  // num_obj_meta may be anything: programs write it
  for (NvDsObjectMeta* object : each<NvDsObjectMeta>(frame->obj_meta_list))
    entries.push_back({object, generation_of(object)});
  std::reverse(entries.begin(), entries.end());  // the list is newest first
  return Objects(footing_.ground(), std::move(entries));
}

namespace {

// --- Batch

std::optional<Batch> batch_of(nb::handle gst_buffer, nb::object sources, bool keep) {
  const HeldBuffer held = buffer_at(gst_buffer);
  Root* root = held ? new_buffer_root(held.get(), sources.ptr(), keep) : nullptr;
  if (!root) {
    if (PyErr_Occurred()) throw nb::python_error();
    return std::nullopt;
  }
  nb::object owner = nb::steal(reinterpret_cast<PyObject*>(root));
  return Batch(root);
}

void keep_batch(const Batch& batch) {
  batch.get();
  Root* root = batch.root();
  root->is_kept = true;
  if (root->holds_buffer || !root->buffer) return;
  // Held already where another thread has let it go meanwhile: then there is nothing to keep.
  root->holds_buffer = ref_live_buffer(root->buffer) != nullptr;
}

std::optional<std::uint64_t> time_or_none(std::uint64_t ns) {
  return ns == GST_CLOCK_TIME_NONE ? std::nullopt : std::optional(ns);
}

std::optional<std::uint64_t> time_of(const NvDsFrameMeta& frame) {
  return has_stream_time(frame) ? stream_time(frame) : time_or_none(frame.buf_pts);
}

std::optional<std::uint64_t> batch_pts(const Batch& batch) {
  batch.get();
  const HeldBuffer buffer = buffer_of(batch.root());
  return buffer ? time_or_none(GST_BUFFER_PTS(buffer.get())) : std::nullopt;
}

Frame frame_at(const Batch& batch, const Given<std::int64_t>& given) {
  auto index = taken(given, "index");
  const auto frames = batch.frames();
  const auto count = static_cast<std::int64_t>(frames.size());
  if (index < 0) index += count;
  if (index < 0 || index >= count)
    throw nb::index_error(("the batch has " + std::to_string(count) + " frames").c_str());
  return frames[static_cast<std::size_t>(index)];
}

void bind_batch_class(nb::module_& m) {
  nb::class_<Batch>(m, "Batch", "What one buffer carries: the frames of one moment, of several sources.")
      .def_static(
          "of", batch_of, nb::arg("buffer"), nb::arg("sources") = nb::tuple(), nb::kw_only(), nb::arg("keep") = false,
          "The batch on a Gst.Buffer or its address; None where it carries no metadata. `keep` holds the buffer.")
      .def_prop_ro("frames", &Batch::frames, "The frames, in the order of the batch.")
      .def_prop_ro("pts", batch_pts, "Of the buffer, in ns; None where it has none.")
      .def_prop_ro(
          "is_kept", [](const Batch& self) { return self.root()->is_kept; }, "True: it holds its buffer.")
      .def("keep", keep_batch, "Holds the buffer from now on. Whoever writes into it downstream then works on a copy.")
      .def(
          "close", [](const Batch& self) { close_root(self.root()); },
          "Gives the buffer back now; what was read from this batch becomes stale.")
      .def_prop_ro(
          "meta",
          [](const Batch& self) {
            return nb::steal(wrap(info<NvDsBatchMeta>(), self.get(), {self.root(), nullptr, 0}));
          },
          "The same batch as a pyds.NvDsBatchMeta.")
      .def("__len__", [](const Batch& self) { return self.frames().size(); })
      .def(
          "__iter__", [](const Batch& self) { return nb::iter(nb::cast(self.frames())); },
          nb::sig("def __iter__(self) -> collections.abc.Iterator[Frame]"))
      .def("__getitem__", frame_at, nb::arg("index"), nb::sig("def __getitem__(self, index: int) -> Frame"));
}

// --- Frame

HeldBuffer buffer_with(const Frame& frame) {
  frame.get();
  HeldBuffer buffer = buffer_of(frame.footing().root());
  if (!buffer) throw std::runtime_error("this frame's buffer is not known");
  return buffer;
}

nb::object source_of(const Frame& frame) {
  const guint id = frame.get()->source_id;
  PyObject* sources = frame.footing().root()->sources;
  const Py_ssize_t count = sources ? PySequence_Size(sources) : 0;
  if (count > static_cast<Py_ssize_t>(id)) {
    PyObject* name = PySequence_GetItem(sources, id);
    if (!name) throw nb::python_error();
    return nb::steal(name);
  }
  PyErr_Clear();
  return nb::int_(id);
}

std::optional<double> seconds(std::optional<std::uint64_t> ns) {
  return ns ? std::optional(static_cast<double>(*ns) * 1e-9) : std::nullopt;
}

std::pair<int, int> size_of(const Frame& frame) {
  const auto* meta = frame.get();
  const HeldBuffer buffer = buffer_of(frame.footing().root());
  if (!buffer || meta->batch_id >= surface_count(buffer.get()))
    return {static_cast<int>(meta->pipeline_width), static_cast<int>(meta->pipeline_height)};
  const Size size = surface_at(buffer.get(), meta->batch_id)->format().size;
  return {size.width, size.height};
}

nb::object pixels_of(const Frame& frame) {
  const HeldBuffer held = buffer_with(frame);
  GstBuffer* buffer = held.get();
  const std::size_t batch_id = frame.get()->batch_id;
  SurfacePtr surface = surface_at(buffer, batch_id);
  if (surface->format().pixels == PixelFormat::rgba) {
    surface.reset();  // a second holder would make the view one of a copy
    return writable_pixels(buffer, batch_id);
  }
  Root* root = frame.footing().root();
  nb::object key = nb::int_(batch_id);
  if (!root->converted && !(root->converted = PyDict_New())) throw nb::python_error();
  if (PyObject* known = PyDict_GetItemWithError(root->converted, key.ptr())) return nb::borrow(known);
  nb::object array = converted_pixels(*surface);
  // Converting lets other threads run: one of them may have closed the batch.
  if (root->converted && PyDict_SetItem(root->converted, key.ptr(), array.ptr()) != 0) throw nb::python_error();
  return array;
}

nb::object surface_of(const Frame& frame) {
  const HeldBuffer held = buffer_with(frame);
  return surface_object(surface_at(held.get(), frame.get()->batch_id));
}

Object add_object(const Frame& frame, const Given<BoxValue>& given_box, const Given<std::string>& given_label,
                  const Given<int>& given_class, const Given<float>& given_confidence,
                  const Given<std::optional<std::int64_t>>& given_track, const Given<const Object*>& given_parent) {
  const auto box = taken(given_box, "box");
  const auto label = taken(given_label, "label");
  const auto class_id = taken(given_class, "class_id");
  const auto confidence = taken(given_confidence, "confidence");
  const auto track_id = taken(given_track, "track_id");
  const auto* parent = given_parent.raw.is_none() ? nullptr : taken(given_parent, "parent");
  frame.get();
  LockedMeta lock(frame.footing().root());
  NvDsFrameMeta* meta = frame.get();
  NvDsObjectMeta* parent_meta = parent ? parent->get() : nullptr;
  if (parent_meta && parent_meta->base_meta.batch_meta != meta->base_meta.batch_meta)
    throw nb::value_error("parent: an object of another batch");
  auto* object = nvds_acquire_obj_meta_from_pool(meta->base_meta.batch_meta);
  set_box(object->rect_params, box);
  object->detector_bbox_info.org_bbox_coords = {box.left, box.top, box.width, box.height};
  object->class_id = class_id;
  object->confidence = confidence;
  object->object_id = track_id ? static_cast<guint64>(*track_id) : UNTRACKED_OBJECT_ID;
  copy_chars(object->obj_label, label);
  // Looks as what a detector finds.
  object->rect_params.border_width = 3;
  object->rect_params.border_color = {1, 0, 0, 1};
  NvOSD_TextParams& text = object->text_params;
  text.display_text = g_strndup(object->obj_label, sizeof(object->obj_label));
  text.x_offset = pixel(box.left);
  text.y_offset = pixel(box.top - 10);
  text.font_params = {const_cast<char*>("Serif"), 11, {1, 1, 1, 1}};
  text.set_bg_clr = 1;
  text.text_bg_clr = {0, 0, 0, 1};
  nvds_add_obj_meta_to_frame(meta, object, parent_meta);
  return Object(object, {frame.footing().root(), object, generation_of(object)});
}

void remove_object(const Frame& frame, const Given<const Object*>& given) {
  const Object& object = *taken(given, "obj");
  frame.get();
  LockedMeta lock(frame.footing().root());
  NvDsFrameMeta* meta = frame.get();
  NvDsObjectMeta* gone = object.get();
  if (!g_list_find(meta->obj_meta_list, gone)) throw nb::value_error("the object is not in this frame");
  nvds_remove_obj_meta_from_frame(meta, gone);
}

// --- drawing: display metas of 16 places each

constexpr gint64 drawing_mark = 0x666c7576;  // those that the draw functions made and may fill up

// The next free place in one of the arrays.
template <typename T>
T& next_place(const Frame& frame, guint NvDsDisplayMeta::*count, T (NvDsDisplayMeta::*array)[16]) {
  NvDsFrameMeta* meta = frame.get();
  for (NvDsDisplayMeta* display : each<NvDsDisplayMeta>(meta->display_meta_list))
    if (display->misc_osd_data[0] == drawing_mark && display->*count < MAX_ELEMENTS_IN_DISPLAY_META)
      return (display->*array)[(display->*count)++];
  auto* display = nvds_acquire_display_meta_from_pool(meta->base_meta.batch_meta);
  display->misc_osd_data[0] = drawing_mark;
  nvds_add_display_meta_to_frame(meta, display);
  return (display->*array)[(display->*count)++];
}

void draw_text(const Frame& frame, const Given<std::string>& given_words, const Given<PointValue>& position,
               const Given<unsigned>& given_size, const Given<std::string>& given_font,
               const Given<ColorValue>& given_color, const Given<std::optional<ColorValue>>& given_background) {
  const auto words = taken(given_words, "text");
  const auto at = taken(position, "position");
  const auto size = taken(given_size, "size");
  const auto font = taken(given_font, "font");
  const auto color = taken(given_color, "color");
  const auto background = taken(given_background, "background");
  frame.get();
  LockedMeta lock(frame.footing().root());
  auto& text = next_place(frame, &NvDsDisplayMeta::num_labels, &NvDsDisplayMeta::text_params);
  text.display_text = g_strdup(words.c_str());
  text.x_offset = pixel(at.x);
  text.y_offset = pixel(at.y);
  text.font_params = {const_cast<char*>(g_intern_string(font.c_str())), size, color};
  text.set_bg_clr = background.has_value();
  if (background) text.text_bg_clr = *background;
}

void draw_line(const Frame& frame, const Given<PointValue>& from, const Given<PointValue>& to,
               const Given<unsigned>& given_width, const Given<ColorValue>& given_color) {
  const auto start = taken(from, "start");
  const auto end = taken(to, "end");
  const auto width = taken(given_width, "width");
  const auto color = taken(given_color, "color");
  frame.get();
  LockedMeta lock(frame.footing().root());
  next_place(frame, &NvDsDisplayMeta::num_lines, &NvDsDisplayMeta::line_params) = {
      pixel(start.x), pixel(start.y), pixel(end.x), pixel(end.y), width, color};
}

void draw_arrow(const Frame& frame, const Given<PointValue>& from, const Given<PointValue>& to,
                const Given<unsigned>& given_width, const Given<ColorValue>& given_color) {
  const auto start = taken(from, "start");
  const auto end = taken(to, "end");
  const auto width = taken(given_width, "width");
  const auto color = taken(given_color, "color");
  frame.get();
  LockedMeta lock(frame.footing().root());
  next_place(frame, &NvDsDisplayMeta::num_arrows, &NvDsDisplayMeta::arrow_params) = {
      pixel(start.x), pixel(start.y), pixel(end.x), pixel(end.y), width, END_HEAD, color, 0};
}

void draw_rectangle(const Frame& frame, const Given<BoxValue>& given_box, const Given<unsigned>& given_width,
                    const Given<ColorValue>& given_color, const Given<std::optional<ColorValue>>& given_fill) {
  const auto box = taken(given_box, "box");
  const auto width = taken(given_width, "width");
  const auto color = taken(given_color, "color");
  const auto fill = taken(given_fill, "fill");
  frame.get();
  LockedMeta lock(frame.footing().root());
  auto& rect = next_place(frame, &NvDsDisplayMeta::num_rects, &NvDsDisplayMeta::rect_params);
  set_box(rect, box);
  rect.border_width = width;
  rect.border_color = color;
  rect.has_bg_color = fill.has_value();
  if (fill) rect.bg_color = *fill;
}

void draw_circle(const Frame& frame, const Given<PointValue>& given_center, const Given<float>& given_radius,
                 const Given<ColorValue>& given_color, const Given<std::optional<ColorValue>>& given_fill) {
  const auto center = taken(given_center, "center");
  const auto radius = taken(given_radius, "radius");
  const auto color = taken(given_color, "color");
  const auto fill = taken(given_fill, "fill");
  frame.get();
  LockedMeta lock(frame.footing().root());
  auto& circle = next_place(frame, &NvDsDisplayMeta::num_circles, &NvDsDisplayMeta::circle_params);
  circle.xc = pixel(center.x);
  circle.yc = pixel(center.y);
  circle.radius = pixel(radius);
  circle.circle_color = color;
  circle.has_bg_color = fill.has_value();
  if (fill) circle.bg_color = *fill;
}

// In signatures.
#define NUMBERS "collections.abc.Sequence[float]"

const ColorValue yellow{{1, 1, 0, 1}};
const ColorValue white{{1, 1, 1, 1}};
const ColorValue shade{{0, 0, 0, 0.6}};

void bind_drawing(nb::class_<Frame>& frame) {
  frame
      .def("draw_text", draw_text, nb::arg("text"), nb::arg("position"), nb::kw_only(), nb::arg("size") = 12U,
           nb::arg("font") = "Sans", nb::arg("color") = white, nb::arg("background") = shade,
           nb::sig("def draw_text(self, text: str, position: " NUMBERS ", *, size: int = 12, font: str = 'Sans', "
                   "color: " NUMBERS " = (1.0, 1.0, 1.0, 1.0), background: " NUMBERS
                   " | None = (0.0, 0.0, 0.0, 0.6)) -> None"),
           "Writes text, its top left at the position. Drawn by a draw stage downstream.")
      .def("draw_line", draw_line, nb::arg("start"), nb::arg("end"), nb::kw_only(), nb::arg("width") = 2U,
           nb::arg("color") = yellow,
           nb::sig("def draw_line(self, start: " NUMBERS ", end: " NUMBERS ", *, width: int = 2, "
                   "color: " NUMBERS " = (1.0, 1.0, 0.0, 1.0)) -> None"))
      .def("draw_arrow", draw_arrow, nb::arg("start"), nb::arg("end"), nb::kw_only(), nb::arg("width") = 2U,
           nb::arg("color") = yellow,
           nb::sig("def draw_arrow(self, start: " NUMBERS ", end: " NUMBERS ", *, width: int = 2, "
                   "color: " NUMBERS " = (1.0, 1.0, 0.0, 1.0)) -> None"))
      .def("draw_rectangle", draw_rectangle, nb::arg("box"), nb::kw_only(), nb::arg("width") = 2U,
           nb::arg("color") = yellow, nb::arg("fill") = nb::none(),
           nb::sig("def draw_rectangle(self, box: " NUMBERS ", *, width: int = 2, color: " NUMBERS
                   " = (1.0, 1.0, 0.0, 1.0), "
                   "fill: " NUMBERS " | None = None) -> None"))
      .def("draw_circle", draw_circle, nb::arg("center"), nb::arg("radius"), nb::kw_only(), nb::arg("color") = yellow,
           nb::arg("fill") = nb::none(),
           nb::sig("def draw_circle(self, center: " NUMBERS ", radius: float, *, color: " NUMBERS
                   " = (1.0, 1.0, 0.0, 1.0), "
                   "fill: " NUMBERS " | None = None) -> None"));
}

void bind_frame_class(nb::module_& m) {
  nb::class_<Frame> frame(m, "Frame", "One picture of one source, and what was found in it.");
  frame
      .def_prop_ro("source", source_of, nb::sig("def source(self) -> str | int"),
                   "Name of the source; its number where no names were given.")
      .def_prop_ro(
          "source_id", [](const Frame& self) { return self.get()->source_id; }, "The mux's pad.")
      .def_prop_ro(
          "batch_id", [](const Frame& self) { return self.get()->batch_id; }, "Index of the surface in the buffer.")
      .def_prop_ro(
          "number", [](const Frame& self) { return self.get()->frame_num; }, "Counts per source, from 0.")
      .def_prop_ro(
          "pts", [](const Frame& self) { return time_or_none(self.get()->buf_pts); },
          "Timestamp as the decoder gave it, in ns; `time` counts from the beginning.")
      .def_prop_ro(
          "time", [](const Frame& self) { return seconds(time_of(*self.get())); },
          "Seconds since the source's own beginning; a file's first frame is at 0, wherever its timestamps begin.")
      .def_prop_ro(
          "ntp_time",
          [](const Frame& self) -> std::optional<double> {
            const auto ns = self.get()->ntp_timestamp;
            return ns == 0 ? std::nullopt : seconds(ns);
          },
          "Seconds since 1970; None where the source does not know.")
      .def_prop_ro("size", size_of, "Width and height of the surface: what boxes are measured in.")
      .def_prop_ro(
          "source_size",
          [](const Frame& self) { return std::pair(self.get()->source_frame_width, self.get()->source_frame_height); },
          "Width and height before the mux scaled it.")
      .def_prop_ro(
          "is_inferred", [](const Frame& self) { return self.get()->bInferDone != 0; }, "False: the model skipped it.")
      .def_prop_ro("objects", &Frame::objects, "The objects of now, oldest first.")
      .def_prop_ro(
          "meta",
          [](const Frame& self) { return nb::steal(wrap(info<NvDsFrameMeta>(), self.get(), self.footing().ground())); },
          "The same frame as a pyds.NvDsFrameMeta.")
      .def_prop_ro("surface", surface_of, nb::sig("def surface(self) -> Surface"),
                   "The pixels where and as they are, on the host or on a GPU, for DLPack; not to be written.")
      .def(
          "tensors",
          [](const Frame& self, const Given<std::optional<unsigned>>& given) {
            const auto unique_id = taken(given, "unique_id");
            return output_tensors(self.footing().root(), self.get()->frame_user_meta_list, unique_id);
          },
          nb::arg("unique_id") = nb::none(),
          nb::sig("def tensors(self, unique_id: int | None = None) -> dict[str, "
                  "numpy.typing.NDArray[typing.Any] | DeviceTensor]"),
          "Outputs of the models that have output_tensor_meta, by name; of one of them by its unique_id. Where a GPU "
          "keeps them they are DeviceTensors, which share that memory; else copies. Both outlive the frame.")
      .def("pixels", pixels_of, nb::sig("def pixels(self) -> numpy.typing.NDArray[numpy.uint8]"),
           "uint8 [H, W, 4] RGBA. Of an RGBA surface a writable view, seen downstream; of any other a read-only copy, "
           "converted once.")
      .def("add_object", add_object, nb::arg("box"), nb::kw_only(), nb::arg("label") = "", nb::arg("class_id") = 0,
           nb::arg("confidence") = 1.0F, nb::arg("track_id") = nb::none(), nb::arg("parent") = nb::none(),
           nb::sig("def add_object(self, box: " NUMBERS
                   ", *, label: str = '', class_id: int = 0, confidence: float = 1.0, "
                   "track_id: int | None = None, parent: Object | None = None) -> Object"),
           "Adds an object; box is left, top, width, height in pixels of the surface.")
      .def("remove", remove_object, nb::arg("obj"), nb::sig("def remove(self, obj: Object) -> None"),
           "Takes an object out; it is stale from then on.");
  bind_details(frame);
  bind_drawing(frame);
}

}  // namespace

void bind_frames(nb::module_& m) {
  bind_objects(m);
  bind_surface_arrays(m);
  bind_device_tensors(m);
  bind_frame_class(m);
  bind_batch_class(m);
}

}  // namespace fluvial::python
