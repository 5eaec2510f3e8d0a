// A user's library for nvdspreprocess, as preprocess_library_test.cpp opens it: compiled against the public header
// alone. [user-configs] behaviour says what it does.
#include <cstring>
#include <stdexcept>

#include "nvdspreprocess_interface.h"

struct CustomCtx {
  CustomInitParams params;
  int calls = 0;
};

extern "C" {

__attribute__((visibility("default"))) CustomCtx* initLib(CustomInitParams params) {
  if (params.user_configs["behaviour"] == "no context") return nullptr;
  return new CustomCtx{params};
}

__attribute__((visibility("default"))) void deInitLib(CustomCtx* context) { delete context; }

// The first red value of each region's picture, as a float, is all of its tensor.
__attribute__((visibility("default"))) NvDsPreProcessStatus PrepareReds(CustomCtx* context, NvDsPreProcessBatch* batch,
                                                                        NvDsPreProcessCustomBuf*& buffer,
                                                                        CustomTensorParams& params,
                                                                        NvDsPreProcessAcquirer* acquirer) {
  const std::string behaviour = context->params.user_configs["behaviour"];
  if (behaviour == "every second" && context->calls++ % 2 == 0) return NVDSPREPROCESS_TENSOR_NOT_READY;
  if (behaviour == "fail") return NVDSPREPROCESS_CUSTOM_TENSOR_FAILED;
  if (behaviour == "throw") throw std::runtime_error("out of ideas");
  if (behaviour == "no memory") return NVDSPREPROCESS_SUCCESS;
  buffer = acquirer->acquire();
  auto* out = static_cast<float*>(buffer->memory_ptr);
  for (const auto& unit : batch->units) *out++ = *static_cast<unsigned char*>(unit.converted_frame_ptr);
  params.params.network_input_shape[0] = static_cast<int>(batch->units.size());
  return NVDSPREPROCESS_SUCCESS;
}

__attribute__((visibility("default"))) NvDsPreProcessStatus ScaleAndCount(NvBufSurface* in, NvBufSurface* out,
                                                                          CustomTransformParams& params) {
  return NvBufSurfTransformAsync(in, out, &params.transform_params, &params.sync_obj) == NvBufSurfTransformError_Success
             ? NVDSPREPROCESS_SUCCESS
             : NVDSPREPROCESS_CUSTOM_TRANSFORMATION_FAILED;
}

}  // extern "C"
