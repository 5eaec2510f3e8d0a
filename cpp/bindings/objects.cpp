// Object, and Objects with its columns.
#include <nanobind/ndarray.h>
#include <nanobind/stl/optional.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/tuple.h>
#include <nanobind/stl/vector.h>

#include <optional>
#include <variant>

#include "bindings/details.h"
#include "bindings/frames.h"
#include "bindings/given.h"
#include "bindings/pyds/field.h"
#include "bindings/pyds/memory.h"
#include "bindings/values.h"
#include "meta/batch_buffer.h"

namespace fluvial::python {

Object Objects::at(std::size_t index) const {
  footing_.check("Objects");
  const Entry& entry = entries_[index];
  return Object(entry.meta, {footing_.root(), entry.meta, entry.generation});
}

const std::vector<Objects::Entry>& Objects::checked() const {
  footing_.check("Objects");
  for (const Entry& entry : entries_)
    if (generation_of(entry.meta) != entry.generation) {
      set_stale("Object", {footing_.root(), entry.meta, entry.generation});
      throw nb::python_error();
    }
  return entries_;
}

namespace {

nb::object text_of(const char* chars, std::size_t size) {
  PyObject* text = chars_to(chars, size);
  if (!text) throw nb::python_error();
  return nb::steal(text);
}

// --- Objects

// A NumPy array of `columns` values an object (0: a flat one), filled in one pass.
template <typename T, typename Fill>
nb::object column(const Objects& objects, std::size_t columns, Fill fill) {
  const auto& entries = objects.checked();
  const std::size_t width = std::max<std::size_t>(columns, 1);
  auto* data = new T[entries.size() * width + 1];
  T* out = data;
  for (const auto& entry : entries) {
    fill(*entry.meta, out);
    out += width;
  }
  nb::capsule owner(data, [](void* memory) noexcept { delete[] static_cast<T*>(memory); });
  const std::size_t shape[] = {entries.size(), columns};
  return nb::cast(nb::ndarray<nb::numpy, T>(data, columns ? 2 : 1, shape, owner));
}

nb::object boxes(const Objects& objects) {
  return column<float>(objects, 4, [](const NvDsObjectMeta& object, float* out) {
    out[0] = object.rect_params.left;
    out[1] = object.rect_params.top;
    out[2] = object.rect_params.width;
    out[3] = object.rect_params.height;
  });
}

nb::object confidences(const Objects& objects) {
  return column<float>(objects, 0, [](const NvDsObjectMeta& object, float* out) { *out = object.confidence; });
}

nb::object class_ids(const Objects& objects) {
  return column<std::int32_t>(objects, 0,
                              [](const NvDsObjectMeta& object, std::int32_t* out) { *out = object.class_id; });
}

// UNTRACKED_OBJECT_ID is all ones: -1.
nb::object track_ids(const Objects& objects) {
  return column<std::int64_t>(objects, 0, [](const NvDsObjectMeta& object, std::int64_t* out) {
    *out = static_cast<std::int64_t>(object.object_id);
  });
}

nb::list labels(const Objects& objects) {
  nb::list all;
  for (const auto& entry : objects.checked()) all.append(text_of(entry.meta->obj_label, sizeof(entry.meta->obj_label)));
  return all;
}

nb::object item(const Objects& objects, nb::handle key) {
  if (PySlice_Check(key.ptr())) {
    Py_ssize_t start, stop, step;
    if (PySlice_Unpack(key.ptr(), &start, &stop, &step) < 0) throw nb::python_error();
    const Py_ssize_t count = PySlice_AdjustIndices(static_cast<Py_ssize_t>(objects.size()), &start, &stop, step);
    std::vector<Objects::Entry> some;
    const auto& all = objects.checked();
    for (Py_ssize_t i = 0; i < count; ++i) some.push_back(all[static_cast<std::size_t>(start + i * step)]);
    return nb::cast(objects.subset(std::move(some)));
  }
  if (PyIndex_Check(key.ptr()) && !PySequence_Check(key.ptr())) {  // arrays have an index too
    Py_ssize_t index = PyNumber_AsSsize_t(key.ptr(), PyExc_IndexError);
    if (index == -1 && PyErr_Occurred()) throw nb::python_error();
    if (index < 0) index += static_cast<Py_ssize_t>(objects.size());
    if (index < 0 || static_cast<std::size_t>(index) >= objects.size())
      throw nb::index_error(("the frame has " + std::to_string(objects.size()) + " objects").c_str());
    return nb::cast(objects.at(static_cast<std::size_t>(index)));
  }
  // A column of booleans, such as objects.boxes[:, 2] > 50.
  if (!PySequence_Check(key.ptr()) || PyUnicode_Check(key.ptr()) ||
      PySequence_Size(key.ptr()) != static_cast<Py_ssize_t>(objects.size()))
    refuse("index", key, "an int, a slice or one bool an object is needed");
  std::vector<Objects::Entry> some;
  const auto all = objects.checked();
  for (std::size_t i = 0; i < all.size(); ++i) {
    nb::object chosen = nb::steal(PySequence_GetItem(key.ptr(), static_cast<Py_ssize_t>(i)));
    const int truth = chosen ? PyObject_IsTrue(chosen.ptr()) : -1;
    if (truth < 0) throw nb::python_error();
    if (truth) some.push_back(all[i]);
  }
  return nb::cast(objects.subset(std::move(some)));
}

nb::object iterate(const Objects& objects) {
  nb::list all;
  for (std::size_t i = 0; i < objects.size(); ++i) all.append(objects.at(i));
  return nb::iter(all);
}

// One value or several, as a vector; empty where nothing was asked.
template <typename T>
std::optional<std::vector<T>> one_or_more(nb::handle value, const char* name, const char* needed) {
  if (value.is_none()) return std::nullopt;
  T single;
  std::vector<T> several;
  if (nb::try_cast(value, single)) return std::vector<T>{std::move(single)};
  if (nb::try_cast(value, several)) return several;
  refuse(name, value, needed);
}

Objects where(const Objects& objects, nb::handle label, nb::handle class_id,
              const Given<std::optional<float>>& min_confidence, const Given<std::optional<bool>>& is_tracked) {
  const auto least = taken(min_confidence, "min_confidence");
  const auto tracked = taken(is_tracked, "is_tracked");
  const auto wanted_labels = one_or_more<std::string>(label, "label", "a str or several are needed");
  const auto wanted_classes = one_or_more<int>(class_id, "class_id", "an int or several are needed");
  const auto has = [](const auto& wanted, const auto& value) {
    return !wanted || std::find(wanted->begin(), wanted->end(), value) != wanted->end();
  };
  std::vector<Objects::Entry> some;
  for (const auto& entry : objects.checked()) {
    const NvDsObjectMeta& object = *entry.meta;
    if (has(wanted_classes, object.class_id) &&
        has(wanted_labels, std::string(object.obj_label, strnlen(object.obj_label, sizeof(object.obj_label)))) &&
        (!least || object.confidence >= *least) && (!tracked || *tracked == (object.object_id != UNTRACKED_OBJECT_ID)))
      some.push_back(entry);
  }
  return objects.subset(std::move(some));
}

void bind_objects_class(nb::module_& m) {
  nb::class_<Objects> objects(m, "Objects",
                              "The objects of a frame when it was asked for: a sequence, oldest first, and columns.");
  bind_details(objects);
  objects.def("__len__", &Objects::size)
      .def("__iter__", iterate, nb::sig("def __iter__(self) -> collections.abc.Iterator[Object]"))
      .def("__getitem__", item, nb::arg("index").none(),
           nb::sig("def __getitem__(self, index: int | slice | collections.abc.Sequence[bool], /) -> typing.Any"))
      .def_prop_ro("boxes", boxes, nb::sig("def boxes(self) -> numpy.typing.NDArray[numpy.float32]"),
                   "float32 [N, 4]: left, top, width, height in pixels of the surface.")
      .def_prop_ro("confidences", confidences, nb::sig("def confidences(self) -> numpy.typing.NDArray[numpy.float32]"),
                   "float32 [N]; below 0 where the detector said nothing.")
      .def_prop_ro("class_ids", class_ids, nb::sig("def class_ids(self) -> numpy.typing.NDArray[numpy.int32]"),
                   "int32 [N].")
      .def_prop_ro("track_ids", track_ids, nb::sig("def track_ids(self) -> numpy.typing.NDArray[numpy.int64]"),
                   "int64 [N]; -1: untracked.")
      .def_prop_ro("labels", labels, nb::sig("def labels(self) -> list[str]"), "One str an object.")
      .def("where", where, nb::kw_only(), nb::arg("label") = nb::none(), nb::arg("class_id") = nb::none(),
           nb::arg("min_confidence") = nb::none(), nb::arg("is_tracked") = nb::none(),
           nb::sig("def where(self, *, label: str | collections.abc.Sequence[str] | None = None, "
                   "class_id: int | collections.abc.Sequence[int] | None = None, min_confidence: float | None = None, "
                   "is_tracked: bool | None = None) -> Objects"),
           "Those for which everything given holds.");
}

// --- Object

void write_text(const Object& object, const std::string& text) {
  object.get();
  const auto& ground = object.footing().ground();
  LockedMeta lock(ground.root);
  auto& params = object.get()->text_params;
  free_text(params.display_text, ground);
  params.display_text = g_strdup(text.c_str());
}

// The drawn text begins with the label.
void set_label(const Object& object, const Given<std::string>& label) {
  const auto text = taken(label, "label");
  auto* meta = object.get();
  copy_chars(meta->obj_label, text);
  const bool is_tracked = meta->object_id != UNTRACKED_OBJECT_ID;
  write_text(object, std::string(meta->obj_label) + (is_tracked ? " " + std::to_string(meta->object_id) : ""));
}

void set_text(const Object& object, const Given<std::string>& text) { write_text(object, taken(text, "text")); }

nb::object get_text(const Object& object) {
  object.get();
  LockedMeta lock(object.footing().root());
  const char* text = object.get()->text_params.display_text;
  return text ? text_of(text, std::strlen(text)) : nb::object(nb::str(""));
}

BoxValue box_of(const NvBbox_Coords& box) { return {box.left, box.top, box.width, box.height}; }

std::optional<std::int64_t> get_track_id(const Object& object) {
  const auto id = object.get()->object_id;
  return id == UNTRACKED_OBJECT_ID ? std::nullopt : std::optional(static_cast<std::int64_t>(id));
}

std::optional<ColorValue> get_fill(const Object& object) {
  const auto& rect = object.get()->rect_params;
  return rect.has_bg_color ? std::optional(ColorValue{rect.bg_color}) : std::nullopt;
}

void set_fill(const Object& object, const Given<std::optional<ColorValue>>& given) {
  const auto color = taken(given, "fill_color");
  auto& rect = object.get()->rect_params;
  rect.has_bg_color = color.has_value();
  if (color) rect.bg_color = *color;
}

std::optional<Object> get_parent(const Object& object) {
  auto* parent = object.get()->parent;
  const auto generation = parent ? generation_of(parent) : 0;
  if (!is_in_use(generation)) return std::nullopt;
  return Object(parent, {object.footing().root(), parent, generation});
}

using Classification = std::tuple<nb::object, nb::object, float>;

std::vector<Classification> classifications(const Object& object) {
  object.get();
  LockedMeta lock(object.footing().root());
  std::vector<Classification> all;
  for (NvDsClassifierMeta* classifier : each<NvDsClassifierMeta>(object.get()->classifier_meta_list)) {
    nb::object attribute = nb::str("");
    // The classifier's own string: it may have gone with it.
    if (PyObject* name = string_at(reinterpret_cast<std::uintptr_t>(classifier->classifier_type)))
      attribute = nb::steal(name);
    PyErr_Clear();
    if (attribute.is_none()) attribute = nb::str("");
    for (NvDsLabelInfo* label : each<NvDsLabelInfo>(classifier->label_info_list)) {
      nb::object text = label->pResult_label ? text_of(label->pResult_label, std::strlen(label->pResult_label))
                                             : text_of(label->result_label, sizeof(label->result_label));
      all.emplace_back(attribute, text, label->result_prob);
    }
  }
  std::reverse(all.begin(), all.end());  // both lists are newest first
  return all;
}

void bind_look(nb::class_<Object>& object) {
  object
      .def_prop_rw(
          "border_color", [](const Object& self) { return ColorValue{self.get()->rect_params.border_color}; },
          [](const Object& self, const Given<ColorValue>& color) {
            const auto value = taken(color, "border_color");
            self.get()->rect_params.border_color = value;
          },
          nb::for_setter(nb::sig("def border_color(self, border_color: collections.abc.Sequence[float], /) -> None")),
          "Red, green, blue, alpha: 0..1.")
      .def_prop_rw(
          "border_width", [](const Object& self) { return self.get()->rect_params.border_width; },
          [](const Object& self, const Given<unsigned>& width) {
            const auto value = taken(width, "border_width");
            self.get()->rect_params.border_width = value;
          },
          nb::for_setter(nb::sig("def border_width(self, border_width: int, /) -> None")), "Pixels; 0: no border.")
      .def_prop_rw("fill_color", get_fill, set_fill,
                   nb::for_setter(
                       nb::sig("def fill_color(self, fill_color: collections.abc.Sequence[float] | None, /) -> None")),
                   "None: not filled.")
      .def_prop_rw("text", get_text, set_text, "What is drawn beside the box.",
                   nb::for_getter(nb::sig("def text(self) -> str")),
                   nb::for_setter(nb::sig("def text(self, text: str, /) -> None")));
}

void bind_object_class(nb::module_& m) {
  nb::class_<Object> object(m, "Object", "Something found in a frame.");
  object
      .def_prop_rw(
          "label", [](const Object& self) { return text_of(self.get()->obj_label, sizeof(self.get()->obj_label)); },
          set_label, nb::for_getter(nb::sig("def label(self) -> str")),
          nb::for_setter(nb::sig("def label(self, label: str, /) -> None")),
          "At most 127 bytes of UTF-8. Setting it sets the drawn text too.")
      .def_prop_rw(
          "class_id", [](const Object& self) { return self.get()->class_id; },
          [](const Object& self, const Given<int>& id) {
            const auto value = taken(id, "class_id");
            self.get()->class_id = value;
          },
          nb::for_setter(nb::sig("def class_id(self, class_id: int, /) -> None")))
      .def_prop_rw(
          "confidence", [](const Object& self) { return self.get()->confidence; },
          [](const Object& self, const Given<float>& confidence) {
            const auto value = taken(confidence, "confidence");
            self.get()->confidence = value;
          },
          nb::for_setter(nb::sig("def confidence(self, confidence: float, /) -> None")),
          "Of the detector; below 0 where it said nothing.")
      .def_prop_rw(
          "track_id", get_track_id,
          [](const Object& self, const Given<std::optional<std::int64_t>>& given) {
            const auto id = taken(given, "track_id");
            self.get()->object_id = id ? static_cast<guint64>(*id) : UNTRACKED_OBJECT_ID;
          },
          nb::for_setter(nb::sig("def track_id(self, track_id: int | None, /) -> None")), "None: untracked.")
      .def_prop_rw(
          "box",
          [](const Object& self) {
            const auto& rect = self.get()->rect_params;
            return BoxValue{rect.left, rect.top, rect.width, rect.height};
          },
          [](const Object& self, const Given<BoxValue>& box) {
            const auto value = taken(box, "box");
            set_box(self.get()->rect_params, value);
          },
          nb::for_getter(nb::sig("def box(self) -> tuple[float, float, float, float]")),
          nb::for_setter(nb::sig("def box(self, box: collections.abc.Sequence[float], /) -> None")),
          "Left, top, width, height in pixels of the surface.")
      .def_prop_ro(
          "detector_box", [](const Object& self) { return box_of(self.get()->detector_bbox_info.org_bbox_coords); },
          nb::sig("def detector_box(self) -> tuple[float, float, float, float]"),
          "The detector's own box, which no tracker moved.")
      .def_prop_ro("tracker_confidence", [](const Object& self) { return self.get()->tracker_confidence; })
      .def_prop_ro(
          "component_id", [](const Object& self) { return self.get()->unique_component_id; },
          "unique-id of the model that found it.")
      .def_prop_ro("parent", get_parent, "The object in which a second detector found it.")
      .def_prop_ro("classifications", classifications,
                   nb::sig("def classifications(self) -> list[tuple[str, str, float]]"),
                   "Attribute, label and confidence of each classification, in order of arrival.")
      .def_prop_ro(
          "meta",
          [](const Object& self) {
            return nb::steal(wrap(info<NvDsObjectMeta>(), self.get(), self.footing().ground()));
          },
          "The same object as a pyds.NvDsObjectMeta.");
  bind_look(object);
  bind_details(object);
}

}  // namespace

void bind_objects(nb::module_& m) {
  bind_object_class(m);
  bind_objects_class(m);
}

}  // namespace fluvial::python
