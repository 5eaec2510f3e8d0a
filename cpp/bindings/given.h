// Arguments that the function judges itself, so that an error says which one, what was given and what is needed: of a
// value that does not fit, nanobind says the types of all arguments alone.
#pragma once

#include <nanobind/nanobind.h>
#include <nanobind/stl/optional.h>
#include <nanobind/stl/string.h>

#include <cstdint>
#include <optional>
#include <string>
#include <type_traits>

#include "bindings/frames.h"
#include "bindings/values.h"

namespace fluvial::python {

template <typename T>
struct Given {
  nb::handle raw;
};

// Throws TypeError.
[[noreturn]] void refuse(const char* name, nb::handle given, const std::string& needed);

// What an error says is needed.
inline std::string needed(const BoxValue*) { return "4 numbers are needed: left, top, width, height"; }
inline std::string needed(const PointValue*) { return "2 numbers are needed: x, y"; }
inline std::string needed(const ColorValue*) { return "3 or 4 numbers are needed: red, green, blue, alpha, 0 to 1"; }
inline std::string needed(const std::string*) { return "a str is needed"; }
inline std::string needed(const float*) { return "a number is needed"; }
inline std::string needed(const bool*) { return "True or False is needed"; }
inline std::string needed(const int*) { return "a whole number is needed, -2147483648 to 2147483647"; }
inline std::string needed(const unsigned*) { return "a whole number is needed, 0 to 4294967295"; }
inline std::string needed(const std::int64_t*) { return "a whole number of 64 bits is needed"; }
inline std::string needed(const Object* const*) { return "an Object is needed"; }
template <typename T>
std::string needed(const std::optional<T>*) {
  return needed(static_cast<const T*>(nullptr)) + ", or None";
}

template <typename T>
T taken(const Given<T>& given, const char* name) {
  T value{};
  // None is a pointer to nothing, which no function takes.
  const bool is_absent = std::is_pointer_v<T> && given.raw.is_none();
  if (is_absent || !nb::try_cast(given.raw, value)) refuse(name, given.raw, needed(static_cast<const T*>(nullptr)));
  return value;
}

}  // namespace fluvial::python

namespace nanobind::detail {

template <typename T>
struct type_caster<fluvial::python::Given<T>> {
  NB_TYPE_CASTER(fluvial::python::Given<T>, make_caster<T>::Name)
  bool from_python(handle src, uint32_t, cleanup_list*) noexcept {
    value.raw = src;
    return true;
  }
};

// None arrives too; signatures are written out, as nanobind would say that it is taken.
template <typename T>
struct has_arg_defaults<fluvial::python::Given<T>> : std::true_type {};

}  // namespace nanobind::detail
