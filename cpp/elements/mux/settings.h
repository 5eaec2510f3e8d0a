// What the user chooses of a mux; any thread may change it.
#pragma once

#include <glib.h>

namespace fluvial {

struct MuxSettings {
  guint batch_size = 0;
  gint push_timeout_us = -1;
  guint width = 0, height = 0;
  bool keeps_aspect = false;
  bool is_live = false;
  bool uses_system_time = true;
  bool drops_pipeline_eos = false;
  bool resets_number_on_eos = false;
  bool is_sorted = false;
};

}  // namespace fluvial
