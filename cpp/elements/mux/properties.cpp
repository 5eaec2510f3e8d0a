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
          .add("interpolation-method", "Scaling: 0 nearest, 1 bilinear, 2 and above box (averages when shrinking)",
               &S::interpolation, 0, 6)
          .add("live-source", "Sources are live: at most one frame of each in a batch", &S::is_live)
          .add("sync-inputs",
               "Batch frames when the pipeline's clock reaches their time: early ones are held, and those that come "
               "later than max-latency are dropped (signal dropped, QoS message)",
               &S::keeps_clock)
          .add("max-latency",
               "Nanoseconds that a frame may be late with sync-inputs, beyond the latency of its source and the time a "
               "batch may wait",
               &S::max_latency_ns)
          .add("align-inputs",
               "Frames of one moment make a batch: a source that is slower than others is in it only when it has a new "
               "frame. Nothing is held for a clock and nothing dropped; for files",
               &S::aligns)
          .add("attach-sys-ts", "ntp_timestamp is the system's time; else the sender's, where RTCP tells it",
               &S::uses_system_time)
          .add("frame-duration",
               "Milliseconds from one frame to the next, by which a sender's time that stands still or jumps back is "
               "put right; 0: as the stream says; the largest number: leave it",
               &S::frame_duration_ms)
          .add("drop-pipeline-eos", "Do not end when all sources have ended", &S::drops_pipeline_eos)
          .add("frame-num-reset-on-eos", "Count frames from 0 again after a source's end", &S::resets_number_on_eos)
          .add("frame-num-reset-on-stream-reset", "Count frames from 0 again after a stream reset event",
               &S::resets_number_on_reset)
          .add("sort-batch", "Order a batch by source", &S::is_sorted)
          .add(
              "config-file-path",
              "File with the groups [property] and [source-config-N] of DeepStream's new mux, INI or YAML. What is set "
              "as a property comes before it. Source groups' min-fps has no effect, as in DeepStream",
              &S::config_file);
  return table;
}

void install_mux_properties(GObjectClass* klass) {
  mux_properties().install(klass);
  g_object_class_install_property(klass, mux_copied_bytes,
                                  copied_bytes_spec("Bytes of pixels written so far: 0 while no frame is scaled"));
  PropertyInstaller ignored(klass, first_ignored_of_mux);
  add_hardware_properties(ignored);
  ignored.add_uint("num-surfaces-per-frame", "No effect: there is no dewarper, a frame is one surface", 0, 8, 1);
  ignored.add_uint("buffer-pool-size", "No effect: pools follow need", 4, 1024, 4);
  ignored.add_bool("async-process", "No effect: scaling is done in the sources' threads", true);
  ignored.add_uint("failsafe-flush-count", "No effect: batched-push-timeout says when a batch goes out", 0, G_MAXUINT,
                   4);
  constexpr auto no_sei = "No effect: SEI messages of a stream are not read";
  ignored.add_bool("extract-sei-type5-data", no_sei, false);
  ignored.add_bool("extract-sei-sim-time", no_sei, false);
  ignored.add_bool("drop-backward-sei", no_sei, false);
  ignored.add_int("sync-inputs-ntp", no_sei, 0, G_MAXINT, 0);
  constexpr auto no_repeats = "No effect: a batch holds new frames only; a tiler keeps the last one of each source";
  ignored.add_bool("cache-buffer", no_repeats, false);
  ignored.add_int("cache-buffer-timeout", no_repeats, -1, G_MAXINT, -1);
  ignored.add_bool("align-first-buffer", "No effect: align-inputs aligns the first frames too", false);
}

}  // namespace fluvial
