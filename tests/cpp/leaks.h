// The main() of tests that use GStreamer: a warning, a critical and an object left alive are failures.
//
// Include it once, instead of defining DOCTEST_CONFIG_IMPLEMENT_WITH_MAIN.
#pragma once

#define DOCTEST_CONFIG_IMPLEMENT
#include <doctest/doctest.h>
#include <gst/gst.h>

#include <cstdio>

namespace leaks {

inline GstTracer* tracer() {
  GList* tracers = gst_tracing_get_active_tracers();
  GstTracer* found = nullptr;
  for (GList* node = tracers; node; node = node->next)
    if (g_str_equal(G_OBJECT_TYPE_NAME(node->data), "GstLeaksTracer")) found = GST_TRACER(node->data);
  g_list_free_full(tracers, gst_object_unref);  // GStreamer holds the tracer for the life of the process
  return found;
}

inline bool is_type_finders(const GstCaps* caps) {
  GList* finders = gst_type_find_factory_get_list();
  bool is = false;
  for (GList* node = finders; node; node = node->next)
    is = is || gst_type_find_factory_get_caps(GST_TYPE_FIND_FACTORY(node->data)) == caps;
  gst_plugin_feature_list_free(finders);
  return is;
}

// Features that a plugin brought when it was loaded belong to the registry, for the life of the process.
inline bool is_registrys(const GValue* entry) {
  const auto* object = gst_structure_get_value(gst_value_get_structure(entry), "object");
  if (G_VALUE_HOLDS(object, GST_TYPE_CAPS)) return is_type_finders(gst_value_get_caps(object));
  return G_VALUE_HOLDS(object, GST_TYPE_PLUGIN_FEATURE) || G_VALUE_HOLDS(object, GST_TYPE_PLUGIN);
}

// Prints what is alive; returns how many objects that is.
inline guint print_alive() {
  static GstStructure* alive = nullptr;  // not freed: it would drop references that it does not hold
  g_signal_emit_by_name(tracer(), "get-live-objects", &alive);
  const GValue* list = gst_structure_get_value(alive, "live-objects-list");
  guint count = 0;
  for (guint i = 0; i < gst_value_list_get_size(list); ++i) {
    const auto* entry = gst_value_list_get_value(list, i);
    if (is_registrys(entry) || ++count > 20) continue;
    gchar* text = g_strdup_value_contents(entry);
    std::printf("LEAK: %s\n", text);
    g_free(text);
  }
  if (count) std::printf("LEAK: %u objects alive at the end\n", count);
  return count;
}

}  // namespace leaks

int main(int argc, char** argv) {
  g_setenv("GST_TRACERS", "leaks", TRUE);
  gst_init(nullptr, nullptr);
  if (!leaks::tracer()) {
    std::puts("no leaks tracer: libgstcoretracers.so of GStreamer is missing");
    return 1;
  }
  g_log_set_always_fatal(GLogLevelFlags(G_LOG_LEVEL_CRITICAL | G_LOG_LEVEL_WARNING));
  doctest::Context context(argc, argv);
  const int failed = context.run();
  if (context.shouldExit()) return failed;
  gst_task_cleanup_all();
  return failed || leaks::print_alive() > 0;
}
