// Reads a DeepStream low-level tracker YAML.
#pragma once

#include <string>
#include <vector>

#include "algo/byte_track.h"

namespace fluvial {

struct TrackerConfig {
  TrackerSettings settings;
  std::vector<std::string> ignored;  // "Section" or "Section.key": NVIDIA's, without effect here; say so once
};

// Throws std::invalid_argument: one line a problem, each with file, key, value and what is allowed.
TrackerConfig read_tracker_config(const std::string& path);

// The same from text; name stands for the file in messages.
TrackerConfig parse_tracker_config(const std::string& text, const std::string& name);

}  // namespace fluvial
