// The configuration file of DeepStream's new mux (config-file-path), as DeepStream documents it.
#pragma once

#include <glib.h>

#include <map>
#include <string>

namespace fluvial {

struct FrameRate {
  int n = 0, d = 1;  // n 0: not given
  gint64 period_us() const { return n > 0 ? G_USEC_PER_SEC * gint64{d} / n : 0; }
};

struct MuxSourceConfig {  // [source-config-N]
  FrameRate max_rate{60, 1};
  int priority = 0;     // lower ones come first
  int most_frames = 0;  // in one batch; 0: max-same-source-frames
};

struct MuxConfig {              // [property]; defaults are DeepStream's
  int algorithm = 1;            // 1: the turn goes round; else the first source always comes first
  bool is_adaptive = true;      // a batch has a place for each source that runs, whatever the batch size
  int batch_size = 0;           // 0: not given
  bool limits_sources = false;  // each to its max-fps
  bool limits_batches = false;  // to overall-max-fps
  FrameRate max_rate{120, 1};
  FrameRate min_rate;   // how often a batch goes out though it is not full
  int most_frames = 1;  // of one source in a batch
  std::map<guint, MuxSourceConfig> sources;

  const MuxSourceConfig& source(guint id) const;
};

// INI or YAML. Throws SettingsError that tells all problems at once.
MuxConfig read_mux_config(const std::string& path);

}  // namespace fluvial
