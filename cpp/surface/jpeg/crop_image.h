// An encoded picture on the object or frame that it shows: a user meta of NVDS_CROP_IMAGE_META.
#pragma once

#include "meta/arena.h"
#include "surface/jpeg/jpeg.h"

namespace fluvial {

// Where a picture goes when it is ready, by when that may be gone: the batch's memory is held, and looked at first.
class CropImageTarget {
 public:
  CropImageTarget() = default;
  // Throw std::invalid_argument for an element that does not live in a batch of ours.
  explicit CropImageTarget(NvDsObjectMeta* object);
  explicit CropImageTarget(NvDsFrameMeta* frame);

  explicit operator bool() const { return element_ != nullptr; }
  // False when the element is gone: nothing was attached. Locks the batch's metadata; any thread.
  bool attach(JpegBytes picture) const;

 private:
  void hold(const char* what, NvDsBaseMeta& base);

  Lease lease_;
  NvDsBatchMeta* batch_ = nullptr;
  void* element_ = nullptr;
  std::uint64_t generation_ = 0;
  bool is_frame_ = false;
};

}  // namespace fluvial
