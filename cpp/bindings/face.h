// The parts of _core beside pyds.
#pragma once

#include <nanobind/nanobind.h>

namespace fluvial {

void bind_loop(nanobind::module_& m);  // Loop

}  // namespace fluvial

namespace fluvial::python {

void bind_backends(nanobind::module_& m);
void bind_gpu(nanobind::module_& m);            // offer_backend, withdraw_backend
void bind_parsers(nanobind::module_& m);        // offer_parser, withdraw_parser
void bind_frames(nanobind::module_& m);         // Batch, Frame, Objects, Object
void bind_probes(nanobind::module_& m);         // attach_probe, detach_probe
void bind_first(nanobind::module_& m);          // tell_no_picture
void bind_queue(nanobind::module_& m);          // BatchQueue
void bind_meter(nanobind::module_& m);          // Meter
void know_package();                            // see set_package_folder
void bind_plugin(nanobind::module_& m);         // register_plugin_path
void bind_testing(nanobind::module_& m);        // into _core._testing
void bind_live_objects(nanobind::module_& m);   // there too
void bind_testing_metas(nanobind::module_& m);  // there too

}  // namespace fluvial::python
