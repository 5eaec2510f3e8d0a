// Reads a config file of DeepStream's nvdspreprocess, INI or YAML, into settings.
#pragma once

#include <string>
#include <vector>

#include "elements/preprocess/settings.h"

namespace fluvial {

struct PreprocessConfig {
  PreprocessSettings settings;
  std::vector<std::string> problems, warnings, notes;
};

// Never throws: a file that cannot be read is a problem too. Paths in it are relative to the folder that it lies in.
PreprocessConfig read_preprocess_config(const std::string& path);

// DeepStream's own library, whose work is built in here.
bool is_stock_library(const std::string& path);

}  // namespace fluvial
