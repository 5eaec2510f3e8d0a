// The class of fluvialinfer, for elements that are the same but for their config files.
#pragma once

#include <gst/gst.h>

#include <string>

#include "elements/infer/nvinfer_config.h"

struct FluvialInferClass {
  GstElementClass parent;
  fluvial::NvinferConfig (*read_config)(const std::string& path);  // never throws
};
