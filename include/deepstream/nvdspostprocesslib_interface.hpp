// SPDX-License-Identifier: Apache-2.0
// What a library of one's own for nvdspostprocess is: a class, made by one exported function. C++ only; no CUDA header is
// needed, as everything is in system memory. Names follow DeepStream 9.1 so that its users' sources compile here.
//
// Exported:
//   extern "C" IDSPostProcessLibrary *CreateCustomAlgoCtx(DSPostProcess_CreateParams *);     once; NULL: the element does not start
#pragma once

#include <gst/base/gstbasetransform.h>
#include <gst/gst.h>

#include <string>
#include <utility>

typedef struct CUstream_st *cudaStream_t;

// What became of a buffer that ProcessBuffer was given, with one reference.
enum class BufferResult {
  Buffer_Ok,     // the element pushes it
  Buffer_Drop,   // the element gives it back
  Buffer_Async,  // the library keeps it: it pushes it to the element's source pad later, in order, and all before it lets EOS pass
  Buffer_Error,  // the element gives it back, and the pipeline ends with an error
};

struct DSPostProcess_CreateParams {
  GstBaseTransform *m_element;
  guint m_gpuId;
  cudaStream_t m_cudaStream;  // always NULL
  bool m_preprocessor_support;
};

struct Property {
  Property(std::string arg_key, std::string arg_value) : key(std::move(arg_key)), value(std::move(arg_value)) {}

  std::string key;
  std::string value;
};

// Deleted when the element stops. All but SetConfigFile come from streaming threads; flushes come between buffers, from another.
class IDSPostProcessLibrary {
 public:
  virtual bool HandleEvent(GstEvent *event) = 0;                // before the element sends it on; false: it does not. Borrowed
  virtual bool SetConfigFile(const gchar *config_file) = 0;     // before the first buffer, and when the property changes
  virtual BufferResult ProcessBuffer(GstBuffer *buffer) = 0;
  virtual ~IDSPostProcessLibrary() {}
};
