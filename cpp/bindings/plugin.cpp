// GStreamer's registry, for those who import us after Gst.init().
#include <dlfcn.h>
#include <gst/gst.h>
#include <nanobind/stl/string.h>

#include "bindings/face.h"
#include "bindings/root.h"

namespace fluvial::python {

void know_package() {
  // Python sets __file__ only after a module is made.
  Dl_info self{};
  if (!dladdr(reinterpret_cast<void*>(&know_package), &self) || !self.dli_fname) return;
  const std::string file = self.dli_fname;
  set_package_folder(file.substr(0, file.rfind('/') + 1).c_str());
}

void bind_plugin(nanobind::module_& m) {
  m.def(
      "register_plugin_path",
      [](const std::string& path) {
        if (!gst_is_initialized()) return false;
        nanobind::gil_scoped_release release;  // loading a plugin runs its code
        gst_registry_scan_path(gst_registry_get(), path.c_str());
        return true;
      },
      nanobind::arg("path"),
      "Scans a folder of plugins if GStreamer is started; True when it is. Before that GST_PLUGIN_PATH does it.");
}

}  // namespace fluvial::python
