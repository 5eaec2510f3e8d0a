// What is drawn on one frame, and in which order.
#pragma once

#include <set>
#include <utility>

#include "elements/draw/canvas.h"
#include "elements/draw/settings.h"
#include "elements/draw/text.h"
#include "gstnvdsmeta.h"

namespace fluvial {

// unique_component_id, class_id
using Classes = std::set<std::pair<int, int>>;

struct Pass {  // what the passes over one frame need
  const NvDsFrameMeta& frame;
  const DrawSettings& settings;
  const Classes& blurred;  // empty: every object
  TextRenderer& texts;
  Canvas& canvas;
};

void draw_frame(const Pass& pass);

// Whether the frame's pixels change at all: if not, a shared surface need not be copied.
bool shows_anything(const NvDsFrameMeta& frame, const DrawSettings& settings);

}  // namespace fluvial
