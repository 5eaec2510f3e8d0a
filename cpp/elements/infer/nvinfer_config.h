// Reads a config file of DeepStream's nvinfer, INI or YAML, into settings.
//
// All problems of a file are found at once. Keys that belong to hardware or formats that do not exist here (engines,
// INT8 calibration, DLA) are accepted and noted; unknown ones are warnings with the nearest known name.
#pragma once

#include <string>
#include <vector>

#include "elements/infer/settings.h"

namespace fluvial {

struct NvinferConfig {
  InferSettings settings;
  std::vector<std::string> problems;  // the file cannot be used: "file: [group] key=value: allowed ..."
  std::vector<std::string> warnings;
  std::vector<std::string> notes;
};

// Never throws: a file that cannot be read is a problem too. Paths in it are relative to the folder that it really lies
// in.
NvinferConfig read_nvinfer_config(const std::string& path);

}  // namespace fluvial
