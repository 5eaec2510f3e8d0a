// What is drawn: NvOSD_* and NvBbox_Coords.
#include "bindings/pyds/field.h"

#include <nanobind/ndarray.h>

namespace fluvial::python {
namespace {

// color.set(red, green, blue, alpha), also by keyword.
PyObject* set_color(PyObject* self, PyObject* const* args, Py_ssize_t count, PyObject* names) {
  static const char* const expected[] = {"red", "green", "blue", "alpha"};
  double parts[4];
  bool is_given[4] = {};
  const Py_ssize_t named = names ? PyTuple_GET_SIZE(names) : 0;
  if (count + named != 4) return PyErr_Format(PyExc_TypeError, "set() takes red, green, blue, alpha");
  for (Py_ssize_t i = 0; i < 4; ++i) {
    Py_ssize_t place = i;
    if (i >= count) {
      PyObject* name = PyTuple_GET_ITEM(names, i - count);
      place = 0;
      while (place < 4 && PyUnicode_CompareWithASCIIString(name, expected[place]) != 0) ++place;
      if (place == 4) return PyErr_Format(PyExc_TypeError, "set() has no argument %R", name);
    }
    if (is_given[place]) return PyErr_Format(PyExc_TypeError, "set() got %s twice", expected[place]);
    is_given[place] = true;
    if (!float_from(args[i], "NvOSD_ColorParams", expected[place], parts[place])) return nullptr;
  }
  const Access<NvOSD_ColorParams> color(self);
  if (!color) return nullptr;
  *color.get() = {parts[0], parts[1], parts[2], parts[3]};
  Py_RETURN_NONE;
}

void release_text(void* data) { g_free(static_cast<NvOSD_TextParams*>(data)->display_text); }

void release_mask(void* data) {
  const auto* mask = static_cast<NvOSD_MaskParams*>(data);
  if (mask->size > 0) g_free(mask->data);
}

// --- masks: the array belongs to the struct, and size says how long it is

PyObject* mask_view(PyObject* self, const NvOSD_MaskParams* mask) {
  const std::size_t length = mask->data ? mask->size / sizeof(float) : 0;
  nb::handle owner(reinterpret_cast<PyObject*>(as_wrapper(self)->ground.root));
  try {
    return nb::cast(nb::ndarray<nb::numpy, float, nb::ndim<1>>(mask->data, {length}, owner)).release().ptr();
  } catch (nb::python_error& e) {
    e.restore();
    return nullptr;
  }
}

PyObject* get_mask(PyObject* self, PyObject*) {
  auto* mask = checked<NvOSD_MaskParams>(self);
  return mask ? mask_view(self, mask) : nullptr;
}

PyObject* alloc_mask(PyObject* self, PyObject*) {
  if (!checked<NvOSD_MaskParams>(self)) return nullptr;
  const auto& ground = as_wrapper(self)->ground;
  LockedMeta lock(ground.root);
  auto* mask = checked<NvOSD_MaskParams>(self);
  if (!mask) return nullptr;
  const std::uint64_t bytes = std::uint64_t{mask->width} * mask->height * sizeof(float);
  // The size field has 32 bits, and the product of two such may have more than 64.
  const bool fits =
      mask->height == 0 || mask->width <= std::numeric_limits<unsigned>::max() / sizeof(float) / mask->height;
  void* data = fits ? g_try_malloc0(bytes) : nullptr;
  if (!data && (!fits || bytes > 0))
    return PyErr_Format(PyExc_MemoryError, "a mask of %u x %u is too large", mask->width, mask->height);
  if (mask->size > 0) free_array(mask->data, ground);
  mask->data = static_cast<float*>(data);
  mask->size = static_cast<unsigned>(bytes);
  return mask_view(self, mask);
}

// pyds shows the first element.
PyObject* first_of_mask(PyObject* self, void*) {
  auto* mask = checked<NvOSD_MaskParams>(self);
  if (!mask) return nullptr;
  if (!mask->data || mask->size < sizeof(float)) Py_RETURN_NONE;
  return PyFloat_FromDouble(static_cast<double>(*mask->data));
}

int set_mask_size(PyObject* self, PyObject* value, void*) {
  unsigned long long size = 0;
  if (!checked<NvOSD_MaskParams>(self)) return -1;
  if (!value) return refuse_delete("NvOSD_MaskParams", "size");
  if (!int_from(value, 0, std::numeric_limits<unsigned>::max(), "NvOSD_MaskParams", "size", size)) return -1;
  auto* mask = checked<NvOSD_MaskParams>(self);
  if (!mask) return -1;
  // 0 would lose the array, more than it has would be read beyond its end.
  if (mask->data && (size == 0 || size > mask->size)) {
    PyErr_Format(PyExc_ValueError, "NvOSD_MaskParams.size: %llu, but the array has %u bytes; use alloc_mask_array()",
                 size, mask->size);
    return -1;
  }
  mask->size = static_cast<unsigned>(size);
  return 0;
}

void bind_color_and_text(nb::module_& m) {
  using C = NvOSD_ColorParams;
  static PyGetSetDef color_fields[] = {
      field<&C::red>("red"), field<&C::green>("green"), field<&C::blue>("blue"), field<&C::alpha>("alpha"), {}};
  static PyMethodDef color_methods[] = {{"set", reinterpret_cast<PyCFunction>(reinterpret_cast<void (*)()>(set_color)),
                                         METH_FASTCALL | METH_KEYWORDS, "set(red, green, blue, alpha): 0..1"},
                                        {}};
  define<C>(m, "NvOSD_ColorParams", color_fields, color_methods);

  using F = NvOSD_FontParams;
  static PyGetSetDef font_fields[] = {interned_text<&F::font_name>("font_name"),
                                      field<&F::font_size>("font_size"),
                                      field<&F::font_color>("font_color"),
                                      {}};
  define<F>(m, "NvOSD_FontParams", font_fields).is_trusted_only = true;

  using T = NvOSD_TextParams;
  static PyGetSetDef text_fields[] = {
      text<&T::display_text>("display_text"),
      field<&T::x_offset>("x_offset"),
      field<&T::y_offset>("y_offset"),
      field<&T::font_params>("font_params"),
      field<&T::set_bg_clr>("set_bg_clr"),
      field<&T::text_bg_clr>("text_bg_clr"),
      {},
  };
  auto& type = define<T>(m, "NvOSD_TextParams", text_fields);
  type.release = release_text;
  type.is_trusted_only = true;

  using I = NvOSD_Color_info;
  static PyGetSetDef info_fields[] = {field<&I::id>("id"), field<&I::color>("color"), {}};
  define<I>(m, "NvOSD_Color_info", info_fields);
}

void bind_shapes(nb::module_& m) {
  using B = NvBbox_Coords;
  static PyGetSetDef box_fields[] = {
      field<&B::left>("left"), field<&B::top>("top"), field<&B::width>("width"), field<&B::height>("height"), {}};
  define<B>(m, "NvBbox_Coords", box_fields);

  using R = NvOSD_RectParams;
  static PyGetSetDef rect_fields[] = {
      field<&R::left>("left"),
      field<&R::top>("top"),
      field<&R::width>("width"),
      field<&R::height>("height"),
      field<&R::border_width>("border_width"),
      field<&R::border_color>("border_color"),
      field<&R::has_bg_color>("has_bg_color"),
      field<&R::reserved>("reserved"),
      field<&R::bg_color>("bg_color"),
      field<&R::has_color_info>("has_color_info"),
      field<&R::color_id>("color_id"),
      {},
  };
  define<R>(m, "NvOSD_RectParams", rect_fields);

  using L = NvOSD_LineParams;
  static PyGetSetDef line_fields[] = {field<&L::x1>("x1"),
                                      field<&L::y1>("y1"),
                                      field<&L::x2>("x2"),
                                      field<&L::y2>("y2"),
                                      field<&L::line_width>("line_width"),
                                      field<&L::line_color>("line_color"),
                                      {}};
  define<L>(m, "NvOSD_LineParams", line_fields);

  using A = NvOSD_ArrowParams;
  static PyGetSetDef arrow_fields[] = {
      field<&A::x1>("x1"),
      field<&A::y1>("y1"),
      field<&A::x2>("x2"),
      field<&A::y2>("y2"),
      field<&A::arrow_width>("arrow_width"),
      field<&A::arrow_head>("arrow_head"),
      field<&A::arrow_color>("arrow_color"),
      field<&A::reserved>("reserved"),
      {},
  };
  define<A>(m, "NvOSD_ArrowParams", arrow_fields);

  using C = NvOSD_CircleParams;
  static PyGetSetDef circle_fields[] = {
      field<&C::xc>("xc"),
      field<&C::yc>("yc"),
      field<&C::radius>("radius"),
      field<&C::circle_color>("circle_color"),
      field<&C::has_bg_color>("has_bg_color"),
      field<&C::bg_color>("bg_color"),
      field<&C::reserved>("reserved"),
      {},
  };
  define<C>(m, "NvOSD_CircleParams", circle_fields);
}

void bind_mask(nb::module_& m) {
  using M = NvOSD_MaskParams;
  static PyGetSetDef fields[] = {
      {"data", first_of_mask, nullptr, "float | None: the first element", nullptr},
      {"size", get_value<&M::size>, set_mask_size, "int: bytes", nullptr},
      field<&M::threshold>("threshold"),
      field<&M::width>("width"),
      field<&M::height>("height"),
      {},
  };
  static PyMethodDef methods[] = {{"get_mask_array", get_mask, METH_NOARGS, "float32 [size / 4]: a writable view."},
                                  {"alloc_mask_array", alloc_mask, METH_NOARGS,
                                   "Zeroed float32 [width * height] in place of the old array: a view."},
                                  {}};
  auto& type = define<M>(m, "NvOSD_MaskParams", fields, methods);
  type.release = release_mask;
  type.is_trusted_only = true;
}

}  // namespace

void bind_osd(nb::module_& m) {
  bind_color_and_text(m);
  bind_shapes(m);
  bind_mask(m);
}

}  // namespace fluvial::python
