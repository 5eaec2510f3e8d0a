// Reads a config file of DeepStream's nvinferserver, protobuf in text format, into the settings of inference. The model
// comes from a Triton model repository on disk and is run in this process.
#pragma once

#include <string>

#include "elements/infer/nvinfer_config.h"

namespace fluvial {

// Never throws. Paths in the file are relative to the folder that it really lies in.
NvinferConfig read_inferserver_config(const std::string& path);

}  // namespace fluvial
