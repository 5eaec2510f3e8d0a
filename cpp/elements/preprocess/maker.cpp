#include "elements/preprocess/maker.h"

#include "elements/preprocess/built_in.h"
#include "elements/preprocess/config.h"
#include "elements/preprocess/library.h"

namespace fluvial {

std::unique_ptr<TensorMaker> make_tensor_maker(const PreprocessSettings& settings) {
  if (settings.library.empty() || is_stock_library(settings.library)) return std::make_unique<BuiltInMaker>(settings);
  return std::make_unique<LibraryMaker>(settings);
}

std::size_t bytes_of_data_type(int type) {
  switch (type) {
    case NvDsDataType_UINT8:
    case NvDsDataType_INT8: return 1;
    case NvDsDataType_FP16: return 2;
    case NvDsDataType_INT64:
    case NvDsDataType_UINT64: return 8;
    default: return 4;
  }
}

NvDsRoiMeta describe_region(const Region& region, const Letterbox& on_input) {
  NvDsRoiMeta roi{};
  roi.roi.left = region.box.left;
  roi.roi.top = region.box.top;
  roi.roi.width = region.box.width;
  roi.roi.height = region.box.height;
  roi.frame_meta = region.frame;
  roi.object_meta = region.object;
  roi.offset_left = on_input.left;
  roi.offset_top = on_input.top;
  if (on_input.is_empty()) return roi;
  roi.scale_ratio_x = on_input.width / static_cast<double>(on_input.crop.width);
  roi.scale_ratio_y = on_input.height / static_cast<double>(on_input.crop.height);
  return roi;
}

}  // namespace fluvial
