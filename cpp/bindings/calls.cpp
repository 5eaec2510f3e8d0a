#include "bindings/calls.h"

#include <nanobind/stl/string.h>

namespace nb = nanobind;

namespace fluvial::python {

nb::module_ backends_bridge() { return nb::module_::import_("fluvial.backends._bridge"); }

std::string words_of(const nb::python_error& error) {
  try {
    return nb::cast<std::string>(backends_bridge().attr("words")(error.value()));
  } catch (const std::exception&) {
    return error.what();
  }
}

Held::~Held() {
  if (!object_) return;
  if (InPython python; python) Py_DECREF(object_);
}

void release_object(void* object) {
  if (InPython python; python) Py_DECREF(static_cast<PyObject*>(object));
}

}  // namespace fluvial::python
