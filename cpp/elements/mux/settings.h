// What the user chooses of a mux; any thread may change it.
#pragma once

#include <glib.h>

#include <string>

namespace fluvial {

struct MuxSettings {
  guint batch_size = 0;
  gint push_timeout_us = -1;
  guint width = 0, height = 0;
  bool keeps_aspect = false;
  guint interpolation = 1;  // as DeepStream numbers it
  bool is_live = false;
  bool keeps_clock = false;    // sync-inputs
  bool aligns = false;         // align-inputs
  guint64 max_latency_ns = 0;  // how late a frame may be with sync-inputs
  bool uses_system_time = true;
  guint64 frame_duration_ms = G_MAXUINT64;  // for corrections of NTP times; 0: the stream's own, G_MAXUINT64: none
  bool drops_pipeline_eos = false;
  bool resets_number_on_eos = false;
  bool resets_number_on_reset = false;
  bool is_sorted = false;
  std::string config_file;
};

}  // namespace fluvial
