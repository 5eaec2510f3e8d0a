// Boxes, points and colours as Python gives them: any sequence of numbers.
#pragma once

#include <nanobind/nanobind.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <string_view>

#include "nvll_osd_struct.h"

namespace fluvial::python {

struct BoxValue {
  float left, top, width, height;
};
struct PointValue {
  float x, y;
};
struct ColorValue : NvOSD_ColorParams {};

// Fills up to `most` numbers from a sequence; how many, or -1 (no exception) for anything else.
int numbers_from(PyObject* sequence, double* out, int least, int most);

// Coordinates of drawings are unsigned in the metadata.
inline unsigned pixel(float value) {
  return std::isfinite(value) && value > 0 ? static_cast<unsigned>(std::lround(std::min(value, 1e6F))) : 0;
}

inline void set_box(NvOSD_RectParams& rect, const BoxValue& box) {
  rect.left = box.left;
  rect.top = box.top;
  rect.width = box.width;
  rect.height = box.height;
}

// Cuts at a whole UTF-8 character.
template <std::size_t N>
void copy_chars(char (&to)[N], std::string_view text) {
  std::size_t kept = std::min(text.size(), N - 1);
  if (kept < text.size())
    while (kept > 0 && (static_cast<unsigned char>(text[kept]) & 0xC0) == 0x80) --kept;
  std::memcpy(to, text.data(), kept);
  std::memset(to + kept, 0, N - kept);
}

}  // namespace fluvial::python

namespace nanobind::detail {

template <>
struct type_caster<fluvial::python::BoxValue> {
  NB_TYPE_CASTER(fluvial::python::BoxValue, const_name("collections.abc.Sequence[float]"))
  bool from_python(handle src, uint32_t, cleanup_list*) noexcept {
    double v[4];
    if (fluvial::python::numbers_from(src.ptr(), v, 4, 4) < 0) return false;
    value = {static_cast<float>(v[0]), static_cast<float>(v[1]), static_cast<float>(v[2]), static_cast<float>(v[3])};
    return true;
  }
  static handle from_cpp(const fluvial::python::BoxValue& box, rv_policy, cleanup_list*) noexcept {
    return Py_BuildValue("(dddd)", static_cast<double>(box.left), static_cast<double>(box.top),
                         static_cast<double>(box.width), static_cast<double>(box.height));
  }
};

template <>
struct type_caster<fluvial::python::PointValue> {
  NB_TYPE_CASTER(fluvial::python::PointValue, const_name("collections.abc.Sequence[float]"))
  bool from_python(handle src, uint32_t, cleanup_list*) noexcept {
    double v[2];
    if (fluvial::python::numbers_from(src.ptr(), v, 2, 2) < 0) return false;
    value = {static_cast<float>(v[0]), static_cast<float>(v[1])};
    return true;
  }
};

template <>
struct type_caster<fluvial::python::ColorValue> {
  NB_TYPE_CASTER(fluvial::python::ColorValue, const_name("collections.abc.Sequence[float]"))
  bool from_python(handle src, uint32_t, cleanup_list*) noexcept {
    double v[4] = {0, 0, 0, 1};
    if (fluvial::python::numbers_from(src.ptr(), v, 3, 4) < 0) return false;
    value = {{v[0], v[1], v[2], v[3]}};
    return true;
  }
  static handle from_cpp(const fluvial::python::ColorValue& color, rv_policy, cleanup_list*) noexcept {
    return Py_BuildValue("(dddd)", color.red, color.green, color.blue, color.alpha);
  }
};

}  // namespace nanobind::detail
