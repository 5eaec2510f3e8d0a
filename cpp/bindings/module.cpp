// The extension's table of contents: one function a file, one file a thing exposed.
#include <nanobind/nanobind.h>

#include "bindings/face.h"
#include "bindings/gate.h"
#include "bindings/pyds/classes.h"

namespace {

void bind_pyds(nanobind::module_& m) {
  using namespace fluvial::python;
  bind_enums(m);
  bind_glist(m);
  bind_base(m);
  bind_batch(m);
  bind_own_batch(m);
  bind_lists(m);
  bind_old_casts(m);
  bind_frame(m);
  bind_object(m);
  bind_classifier(m);
  bind_display(m);
  bind_osd(m);
  bind_osd_frame(m);
  bind_user(m);
  bind_custom(m);
  bind_gst_meta(m);
  bind_meta_360d(m);
  bind_schema(m);
  bind_event(m);
  bind_payload(m);
  bind_analytics(m);
  bind_optical_flow(m);
  bind_preprocess(m);
  bind_tracker(m);
  bind_infer(m);
  bind_buf_surface(m);
  bind_surface(m);
  bind_encode(m);
  bind_elements(m);
  bind_latency(m);
  bind_strings(m);
}

}  // namespace

NB_MODULE(_core, m) {
  m.doc() = "Compiled part of fluvial and pyds. Private: import those instead.";
  fluvial::python::Gate::instance().close_at_exit();
  // A program may end with a pipeline running and a batch in a variable; that is no leak to tell its user about.
  nanobind::set_leak_warnings(false);
  fluvial::python::know_package();
  m.attr("StaleMetadataError") = nanobind::borrow(fluvial::python::stale_error());
  nanobind::module_ pyds = m.def_submodule("pyds", "Everything of the module pyds.");
  bind_pyds(pyds);
  fluvial::python::bind_frames(m);
  fluvial::python::bind_probes(m);
  fluvial::python::bind_first(m);
  fluvial::python::bind_queue(m);
  fluvial::python::bind_meter(m);
  fluvial::python::bind_plugin(m);
  fluvial::bind_loop(m);
  fluvial::python::bind_backends(m);
  fluvial::python::bind_gpu(m);
  fluvial::python::bind_parsers(m);
  nanobind::module_ testing = m.def_submodule("_testing", "Buffers without a pipeline.");
  fluvial::python::bind_testing(testing);
  fluvial::python::bind_live_objects(testing);
  fluvial::python::bind_testing_metas(testing);
}
