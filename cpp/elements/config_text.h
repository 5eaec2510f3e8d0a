// Groups, keys and values of a config file, whichever of the two syntaxes it is written in.
#pragma once

#include <string>
#include <vector>

namespace fluvial {

struct ConfigEntry {
  std::string group, key, value;
};

// INI as GKeyFile reads it, or YAML (.yml, .yaml) with groups as maps. A list in YAML becomes a value with ";" between.
// Throws std::runtime_error with the parser's own words.
std::vector<ConfigEntry> read_config_text(const std::string& path);

std::string trimmed_text(const std::string& text);

}  // namespace fluvial
