// Past frames as DeepStream's metadata: one NvDsTargetMiscDataBatch a batch, where there is something to tell.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "algo/past_frames.h"
#include "gstnvdsmeta.h"

namespace fluvial {

struct PastObject {
  std::uint64_t id = 0;  // as in object_id
  int class_id = 0;
  std::string label;
  std::vector<PastFrame> frames;  // oldest first
};

struct PastStream {
  unsigned source = 0;  // pad_index
  std::vector<PastObject> objects;
};

// Adds nothing where `streams` is empty. The batch's lock is held by the caller.
void attach_past_frames(NvDsBatchMeta* batch, const std::vector<PastStream>& streams);

}  // namespace fluvial
