#include "elements/mux/properties.h"

namespace fluvial {

const PropertyTable<MuxSettings>& mux_properties() {
  using S = MuxSettings;
  static const auto table =
      PropertyTable<S>()
          .add("batch-size", "Most frames in a batch; 0: one of each source", &S::batch_size, 0, 1024)
          .add("batched-push-timeout", "Microseconds to wait for a full batch after its first frame; -1: for ever",
               &S::push_timeout_us, -1, G_MAXINT)
          .add("width", "Width that frames are scaled to, in pixels; 0: frames keep their size", &S::width, 0, 16384)
          .add("height", "Height that frames are scaled to, in pixels; 0: frames keep their size", &S::height, 0, 16384)
          .add("enable-padding", "Keep the picture's shape when scaling, with black bars", &S::keeps_aspect)
          .add("live-source", "Sources are live: at most one frame of each in a batch", &S::is_live)
          .add("attach-sys-ts", "ntp_timestamp is the system's time; else the sender's, where RTCP tells it",
               &S::uses_system_time)
          .add("drop-pipeline-eos", "Do not end when all sources have ended", &S::drops_pipeline_eos)
          .add("frame-num-reset-on-eos", "Count frames from 0 again after a source's end", &S::resets_number_on_eos)
          .add("sort-batch", "Order a batch by source", &S::is_sorted);
  return table;
}

void install_mux_properties(GObjectClass* klass) {
  mux_properties().install(klass);
  g_object_class_install_property(klass, mux_copied_bytes,
                                  copied_bytes_spec("Bytes of pixels written so far: 0 while no frame is scaled"));
  PropertyInstaller ignored(klass, first_ignored_of_mux);
  add_hardware_properties(ignored);
  ignored.add_uint("num-surfaces-per-frame", "Surfaces of a dewarper; only 1 is made here", 0, 8, 1);
  ignored.add_uint("buffer-pool-size", "Size of DeepStream's pool; ours follows need", 4, 1024, 4);
  ignored.add_uint("interpolation-method", "No effect: scaling is bilinear", 0, 6, 1);
  ignored.add_bool("sync-inputs", "Not done yet", false);
  ignored.add_uint("max-latency", "Not done yet", 0, G_MAXUINT, 0);
  ignored.add_bool("align-inputs", "Not done yet", false);
  ignored.add_bool("frame-num-reset-on-stream-reset", "Not done yet", false);
  ignored.add(g_param_spec_uint64("frame-duration", "frame-duration", "Milliseconds for NTP correction; not done yet",
                                  0, G_MAXUINT64, G_MAXUINT64, property_flags));
  ignored.add_bool("async-process", "No effect: scaling is done in the sources' threads", true);
  ignored.add_bool("extract-sei-type5-data", "Not done yet", false);
  ignored.add_bool("extract-sei-sim-time", "Not done yet", false);
  ignored.add_bool("cache-buffer", "Not done yet", false);
  ignored.add_int("cache-buffer-timeout", "Not done yet", -1, G_MAXINT, -1);
  ignored.add_bool("align-first-buffer", "Not done yet", false);
  ignored.add_int("sync-inputs-ntp", "Not done yet", 0, G_MAXINT, 0);
  ignored.add_uint("failsafe-flush-count", "No effect", 0, G_MAXUINT, 4);
  ignored.add_bool("drop-backward-sei", "No effect", false);
  ignored.add_string("config-file-path", "Configuration of DeepStream's new mux; taken, not read yet", nullptr);
}

}  // namespace fluvial
