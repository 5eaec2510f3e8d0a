// Reads the YAML that DeepStream's low-level trackers take (nvtracker's ll-config-file).
#pragma once

#include <string>
#include <vector>

#include "algo/tracker_settings.h"

namespace fluvial {

struct TrackerConfig {
  TrackerSettings settings;
  // "Section" or "Section.key", in the file's order: understood or unknown, but without effect here. Say so once.
  std::vector<std::string> ignored;
};

// Throws std::invalid_argument: one line a problem, each with file:line, key, value and what is allowed.
// Settings of ours that DeepStream lacks stand in a section "Fluvial", under the names of tracker_fields(); they win.
TrackerConfig read_tracker_config(const std::string& path);

// The same from text; name stands for the file in messages.
TrackerConfig parse_tracker_config(const std::string& text, const std::string& name);

}  // namespace fluvial
