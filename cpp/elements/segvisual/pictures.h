// The pictures of a batch whose frames have maps of classes.
#pragma once

#include <vector>

#include "algo/segvisual.h"
#include "elements/segvisual/settings.h"
#include "gstnvdsinfer.h"
#include "gstnvdsmeta.h"
#include "surface/surface.h"

namespace fluvial {

// The frame's maps that are to be painted, in its order. Valid as long as the frame's metadata is.
std::vector<const NvDsInferSegmentationMeta*> maps_of(const NvDsFrameMeta& frame, const SegvisualSettings& settings);

// The ids of the inferences that gave the frame maps, "1, 3"; empty: there are none.
std::string ids_of_maps(const NvDsFrameMeta& frame);

// RGBA, of the size that the settings say.
SurfaceFormat picture_format(const SegvisualSettings& settings, Size frame);

// Belongs to one stream; not thread-safe.
class Pictures {
 public:
  explicit Pictures(Allocator& allocator) : allocator_(allocator) {}

  // A new surface, or without maps the frame itself if it is as is wanted. The frame is not even looked at where the
  // first map covers it.
  SurfacePtr draw(const SurfacePtr& frame, const std::vector<const NvDsInferSegmentationMeta*>& maps,
                  const SegvisualSettings& settings);

 private:
  Allocator& allocator_;
  MapPainter painter_;
};

}  // namespace fluvial
