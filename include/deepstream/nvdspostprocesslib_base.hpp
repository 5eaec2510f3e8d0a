// SPDX-License-Identifier: Apache-2.0
// A base class for libraries of nvdspostprocess, which keeps what the library was made with.
#pragma once

#include <gst/base/gstbasetransform.h>
#include <gst/video/video.h>

#include "nvbufsurface.h"
#include "nvdspostprocesslib_interface.hpp"

class DSPostProcessLibraryBase : public IDSPostProcessLibrary {
 public:
  DSPostProcessLibraryBase() : DSPostProcessLibraryBase(nullptr) {}
  explicit DSPostProcessLibraryBase(DSPostProcess_CreateParams *params)
      : m_element(params ? params->m_element : nullptr),
        m_gpuId(params ? params->m_gpuId : 0),
        m_preprocessor_support(params && params->m_preprocessor_support),
        m_cudaStream(params ? params->m_cudaStream : nullptr) {}

  GstBaseTransform *m_element;
  guint m_gpuId;
  gboolean m_preprocessor_support;
  cudaStream_t m_cudaStream;
};

// The surfaces of a batch; NULL: the buffer cannot be mapped. Valid as long as the buffer.
inline NvBufSurface *getNvBufSurface(GstBuffer *buffer) {
  GstMapInfo map = GST_MAP_INFO_INIT;
  if (!gst_buffer_map(buffer, &map, GST_MAP_READ)) return nullptr;
  NvBufSurface *surface = reinterpret_cast<NvBufSurface *>(map.data);
  gst_buffer_unmap(buffer, &map);
  return surface;
}
