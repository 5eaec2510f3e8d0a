// The extension's table of contents: one function a file, one file a thing exposed.
#include <nanobind/nanobind.h>

namespace fluvial {

void bind_loop(nanobind::module_& m);
void bind_models(nanobind::module_& m);

}  // namespace fluvial

NB_MODULE(_core, m) {
  m.doc() = "Compiled part of fluvial and pyds. Private: import those instead.";
  fluvial::bind_loop(m);
  fluvial::bind_models(m);
}
