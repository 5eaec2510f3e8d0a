// The element's properties: each one's GParamSpec, and how it goes into settings and out of them.
#pragma once

#include <gst/gst.h>

#include <functional>
#include <vector>

#include "elements/infer/settings.h"

namespace fluvial {

struct InferProperty {
  GParamSpec* spec;
  std::function<void(InferSettings&, const GValue*)> set;  // throws std::invalid_argument
  std::function<void(const InferSettings&, GValue*)> get;
};

// In the order of their ids, from 1 on. Called once, when the class is made.
std::vector<InferProperty> make_infer_properties();

}  // namespace fluvial
