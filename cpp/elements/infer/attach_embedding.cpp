#include "elements/infer/attach_embedding.h"

#include "fluvial/embedding.h"

namespace fluvial {

void attach_embedding(unsigned unique_id, const Unit& unit, const std::vector<float>& values) {
  const auto count = static_cast<guint>(values.size());
  if (!unit.object) unit.frame->bInferDone = 1;
  if (values.empty()) return;
  if (unit.object) return fluvial_add_embedding_to_obj(unit.object, unique_id, values.data(), count);
  fluvial_add_embedding_to_frame(unit.frame, unique_id, values.data(), count);
}

}  // namespace fluvial
