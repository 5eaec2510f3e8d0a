// A user's library makes the tensors (include/deepstream/nvdspreprocess_interface.h). It is handed each region's
// picture, scaled to the processing size, RGBA or grey.
#pragma once

#include <map>

#include "elements/preprocess/maker.h"
#include "elements/shared_library.h"
#include "nvdspreprocess_interface.h"
#include "surface/surface.h"

namespace fluvial {

class LibraryMaker final : public TensorMaker {
 public:
  // Opens the library and calls initLib. Throws SettingsError.
  explicit LibraryMaker(const PreprocessSettings& settings);
  ~LibraryMaker() override;
  RegionTensor make(GstBuffer* buffer, const Region* regions, std::size_t count) override;

 private:
  using Init = CustomCtx* (*)(CustomInitParams);
  using DeInit = void (*)(CustomCtx*);
  using Prepare = NvDsPreProcessStatus (*)(CustomCtx*, NvDsPreProcessBatch*, NvDsPreProcessCustomBuf*&,
                                           CustomTensorParams&, NvDsPreProcessAcquirer*);
  using Transform = NvDsPreProcessStatus (*)(NvBufSurface*, NvBufSurface*, CustomTransformParams&);

  template <typename Function>
  Function symbol(const std::string& name, const std::string& key = "") const;

  std::shared_ptr<GstBuffer> new_pictures(std::size_t count);
  void scale(NvBufSurface* in, NvBufSurface* out, const std::vector<Region>& regions,
             const std::vector<Letterbox>& places);
  void scale_group(NvBufSurface* in, NvBufSurface* out, const Region* regions, const Letterbox* places,
                   std::size_t first, std::size_t count);

  PreprocessSettings settings_;
  NvDsPreProcessTensorParams params_;
  InputSpec processing_;  // size and shape of the pictures
  std::shared_ptr<const SharedLibrary> library_;
  DeInit deinit_ = nullptr;
  Prepare prepare_ = nullptr;
  std::map<std::string, Transform> transforms_;
  CustomCtx* context_ = nullptr;
  std::shared_ptr<TensorPool> pool_;
  std::unique_ptr<Allocator> allocator_;
  gulong batches_ = 0;
};

}  // namespace fluvial
