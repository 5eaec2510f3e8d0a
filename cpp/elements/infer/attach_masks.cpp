#include "elements/infer/attach_masks.h"

#include <cstddef>

#include "meta/batch_buffer.h"

namespace fluvial {

void attach_mask(NvDsObjectMeta* object, const float* values, Size size, float threshold) {
  if (size.width <= 0 || size.height <= 0) return;
  const MetaLock lock(object->base_meta.batch_meta);
  auto& mask = object->mask_params;
  const auto width = static_cast<unsigned>(size.width), height = static_cast<unsigned>(size.height);
  const std::size_t bytes = std::size_t{width} * height * sizeof(float);
  if (mask.size > 0) g_free(mask.data);
  mask = {static_cast<float*>(g_memdup2(values, bytes)), static_cast<unsigned>(bytes), threshold, width, height};
}

}  // namespace fluvial
