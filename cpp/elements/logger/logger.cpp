// fluviallogger (nvdslogger): passes batches on and prints each source's frames a second every few seconds.
//
//   in    anything; sources are told apart where there is NvDsBatchMeta
//   out   the same buffers
//   try   videotestsrc num-buffers=90 ! m.sink_0 fluvialmux name=m ! fluviallogger fps-measurement-interval-sec=1 !
//   fakesink

#include "elements/logger/logger.h"

#include <gst/base/gstbasetransform.h>

#include <cstdio>
#include <map>
#include <mutex>
#include <string>

#include "elements/compat_properties.h"
#include "meta/batch_buffer.h"

namespace {

using namespace fluvial;

struct Impl {
  std::mutex mutex;  // guards interval_s
  guint interval_s = 5;
  IgnoredProperties ignored;
  gint64 since_us = 0;            // the streaming thread's, like all below
  std::map<guint, guint> frames;  // by source, since then; sources stay listed at 0.00 when they fall silent
};

}  // namespace

struct FluvialLogger {
  GstBaseTransform parent;
  Impl* impl;
};
struct FluvialLoggerClass {
  GstBaseTransformClass parent;
};
G_DEFINE_TYPE(FluvialLogger, fluvial_logger, GST_TYPE_BASE_TRANSFORM)

static Impl& impl_of(gpointer self) { return *reinterpret_cast<FluvialLogger*>(self)->impl; }

static void print_rates(Impl& impl, double seconds) {
  std::string line = "**PERF : ";
  for (auto& [source, count] : impl.frames) {
    char text[64];
    std::snprintf(text, sizeof(text), "FPS_%u (%.2f)\t", source, count / seconds);
    line += text;
    count = 0;
  }
  std::puts(line.c_str());
  std::fflush(stdout);
}

static GstFlowReturn fluvial_logger_transform_ip(GstBaseTransform* self, GstBuffer* buffer) {
  auto& impl = impl_of(self);
  if (auto* batch = gst_buffer_get_nvds_batch_meta(buffer))
    for (auto* frame : each<NvDsFrameMeta>(batch->frame_meta_list)) ++impl.frames[frame->pad_index];
  else
    ++impl.frames[0];

  const gint64 now = g_get_monotonic_time();
  if (impl.since_us == 0) impl.since_us = now;
  guint interval_s = 0;
  {
    std::lock_guard lock(impl.mutex);
    interval_s = impl.interval_s;
  }
  const double seconds = double(now - impl.since_us) / 1e6;
  if (interval_s > 0 && seconds >= interval_s) {
    print_rates(impl, seconds);
    impl.since_us = now;
  }
  return GST_FLOW_OK;
}

static gboolean fluvial_logger_start(GstBaseTransform* self) {
  impl_of(self).since_us = 0;
  impl_of(self).frames.clear();
  return TRUE;
}

static void fluvial_logger_init(FluvialLogger* self) {
  self->impl = new Impl();
  gst_base_transform_set_passthrough(GST_BASE_TRANSFORM(self), TRUE);
}

static void fluvial_logger_finalize(GObject* object) {
  delete &impl_of(object);
  G_OBJECT_CLASS(fluvial_logger_parent_class)->finalize(object);
}

enum { PROP_0, PROP_INTERVAL, PROP_IGNORED };

static void fluvial_logger_set_property(GObject* self, guint id, const GValue* value, GParamSpec* spec) {
  if (id >= PROP_IGNORED) return impl_of(self).ignored.set(spec, value);
  std::lock_guard lock(impl_of(self).mutex);
  impl_of(self).interval_s = g_value_get_uint(value);
}

static void fluvial_logger_get_property(GObject* self, guint id, GValue* value, GParamSpec* spec) {
  if (id >= PROP_IGNORED) return impl_of(self).ignored.get(spec, value);
  std::lock_guard lock(impl_of(self).mutex);
  g_value_set_uint(value, impl_of(self).interval_s);
}

static void fluvial_logger_class_init(FluvialLoggerClass* klass) {
  auto* object = G_OBJECT_CLASS(klass);
  object->finalize = fluvial_logger_finalize;
  object->set_property = fluvial_logger_set_property;
  object->get_property = fluvial_logger_get_property;
  PropertyInstaller(object, PROP_INTERVAL)
      .add_uint("fps-measurement-interval-sec", "Seconds from one printed line to the next; 0: none", 0, G_MAXUINT, 5);
  PropertyInstaller ignored(object, PROP_IGNORED);
  ignored.add_bool("silent", "No effect", true);
  ignored.add_bool("show-fps", "No effect: rates are always printed", true);
  ignored.add_bool("show-latency", "No effect", false);
  ignored.add_bool("sync", "No effect", false);
  ignored.add_uint("sleep-time", "No effect", 0, G_MAXUINT, 0);
  ignored.add_int("error-after", "No effect", -1, G_MAXINT, -1);
  ignored.add_bool("signal-handoffs", "No effect", true);

  auto* base = GST_BASE_TRANSFORM_CLASS(klass);
  base->start = fluvial_logger_start;
  base->transform_ip = fluvial_logger_transform_ip;
  base->transform_ip_on_passthrough = TRUE;

  auto* element = GST_ELEMENT_CLASS(klass);
  for (const auto direction : {GST_PAD_SINK, GST_PAD_SRC}) {
    auto* any = gst_caps_new_any();
    gst_element_class_add_pad_template(
        element, gst_pad_template_new(direction == GST_PAD_SINK ? "sink" : "src", direction, GST_PAD_ALWAYS, any));
    gst_caps_unref(any);
  }
  gst_element_class_set_static_metadata(element, "Rate logger", "Generic", "Prints frames a second of each source",
                                        "Fluvial");
}
