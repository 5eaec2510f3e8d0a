#include "elements/infer/attach_masks.h"

#include <cstddef>

#include "meta/batch_buffer.h"

namespace fluvial {

void attach_mask(NvDsObjectMeta* object, const Mask& mask, float threshold) {
  if (mask.values.empty()) return;
  const MetaLock lock(object->base_meta.batch_meta);
  auto& params = object->mask_params;
  const std::size_t bytes = mask.values.size() * sizeof(float);
  if (params.size > 0) g_free(params.data);
  params = {static_cast<float*>(g_memdup2(mask.values.data(), bytes)), static_cast<unsigned>(bytes), threshold,
            static_cast<unsigned>(mask.size.width), static_cast<unsigned>(mask.size.height)};
}

}  // namespace fluvial
