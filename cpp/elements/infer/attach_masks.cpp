#include "elements/infer/attach_masks.h"

#include <algorithm>
#include <cmath>
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

NvOSD_ColorParams colour_of_mask(std::size_t number) {
  constexpr double golden = 0.6180339887498949;  // its multiples fill a circle evenly, however many there are
  const double hue = 6 * std::fmod(static_cast<double>(number) * golden, 1.0);
  const auto level = [](double value) { return std::clamp(value, 0.0, 1.0); };
  return {level(std::abs(hue - 3) - 1), level(2 - std::abs(hue - 2)), level(2 - std::abs(hue - 4)), 1};
}

}  // namespace fluvial
