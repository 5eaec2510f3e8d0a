// _core._testing: which objects of GStreamer's were made and destroyed. For the project's own tests.
//
// The leaks tracer's list of live objects refers to them, which goes wrong while streaming threads destroy them; its
// record of what was made and destroyed is text.
#include <gst/gst.h>
#include <nanobind/nanobind.h>
#include <nanobind/stl/map.h>
#include <nanobind/stl/string.h>

#include <map>
#include <stdexcept>
#include <string>

#include "bindings/face.h"

namespace fluvial::python {
namespace {

GstTracer* leaks_tracer() {
  GList* tracers = gst_is_initialized() ? gst_tracing_get_active_tracers() : nullptr;
  GstTracer* found = nullptr;
  for (GList* node = tracers; node; node = node->next)
    if (g_str_equal(G_OBJECT_TYPE_NAME(node->data), "GstLeaksTracer")) found = GST_TRACER(node->data);
  g_list_free_full(tracers, gst_object_unref);  // GStreamer holds the tracer for the life of the process
  if (!found) throw std::runtime_error("no leaks tracer: set GST_TRACERS=leaks before GStreamer starts");
  return found;
}

// Adds `step` for each object in one of the checkpoint's lists.
void count(const GstStructure* checkpoint, const char* name, int step, std::map<std::string, int>& balance) {
  const GValue* list = gst_structure_get_value(checkpoint, name);
  const guint length = list && GST_VALUE_HOLDS_LIST(list) ? gst_value_list_get_size(list) : 0;
  for (guint i = 0; i < length; ++i) {
    const auto* entry = gst_value_get_structure(gst_value_list_get_value(list, i));
    const gchar* type = gst_structure_get_string(entry, "type-name");
    const gchar* address = gst_structure_get_string(entry, "address");
    if (type && address) balance[std::string(type) + " " + address] += step;
  }
}

std::map<std::string, int> moved_objects() {
  GstStructure* checkpoint = nullptr;
  g_signal_emit_by_name(leaks_tracer(), "activity-get-checkpoint", &checkpoint);
  std::map<std::string, int> balance;
  if (!checkpoint) return balance;
  count(checkpoint, "objects-created-list", 1, balance);
  count(checkpoint, "objects-removed-list", -1, balance);
  gst_structure_free(checkpoint);
  return balance;
}

}  // namespace

void bind_live_objects(nanobind::module_& m) {
  m.def("follow_objects", [] { g_signal_emit_by_name(leaks_tracer(), "activity-start-tracking"); });
  m.def("moved_objects", moved_objects,
        "\"GstPad 0x...\": how often it was made less how often destroyed, since the last call or follow_objects().");
}

}  // namespace fluvial::python
