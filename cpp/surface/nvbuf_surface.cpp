// nvbufsurface.h on system memory: surfaces of a program's own, and the CPU's view of those in buffers.
//
// Memory that needs a GPU, a file descriptor of NVIDIA's driver or an EGL display is refused with -1 and a warning in
// GStreamer's log: a program that asked for it would only fail later.
#include <gst/gst.h>

#include <cstring>
#include <exception>
#include <memory>
#include <vector>

#include "surface/batch.h"
#include "surface/nvbuf_view.h"
#include "surface/system/system_surface.h"

namespace fluvial {
namespace {

constexpr int done = 0, failed = -1;

const char own_mark = 0;  // its address in _reserved[1] says that this file made the NvBufSurface

// What NvBufSurfaceCreate makes.
struct OwnBatch {
  NvBufSurface batch{};  // first member: a NvBufSurface* is its OwnBatch*
  std::vector<NvBufSurfaceParams> params;
  std::vector<std::unique_ptr<SystemSurface>> surfaces;
};

int refuse(const char* function, const char* why) {
  GST_WARNING("%s: %s", function, why);
  return failed;
}

// Every kind that a program names for a GPU's sake becomes system memory; kinds that are handles cannot.
bool is_replaceable(NvBufSurfaceMemType type) {
  return type == NVBUF_MEM_SYSTEM || type == NVBUF_MEM_DEFAULT || type == NVBUF_MEM_CUDA_PINNED ||
         type == NVBUF_MEM_CUDA_DEVICE || type == NVBUF_MEM_CUDA_UNIFIED;
}

std::unique_ptr<OwnBatch> make_batch(uint32_t batch_size, const NvBufSurfaceCreateParams& wanted) {
  SurfaceFormat format;
  if (!surface_format_of(wanted.colorFormat, format)) return nullptr;
  format.size = {static_cast<int>(wanted.width), static_cast<int>(wanted.height)};
  auto own = std::make_unique<OwnBatch>();
  own->params.resize(batch_size);
  for (auto& params : own->params) {
    own->surfaces.push_back(std::make_unique<SystemSurface>(format));
    describe(own->surfaces.back()->view(), params);
  }
  own->batch.gpuId = wanted.gpuId;
  own->batch.batchSize = batch_size;
  own->batch.memType = NVBUF_MEM_SYSTEM;
  own->batch.surfaceList = own->params.data();
  own->batch._reserved[0] = own.get();
  own->batch._reserved[1] = const_cast<char*>(&own_mark);
  return own;
}

// Calls visit(params, plane) for one plane or, with -1, all; of one surface or, with -1, all. False for one that is
// not.
template <typename Visit>
bool each_plane(NvBufSurface* batch, int index, int plane, Visit visit) {
  if (!batch || !batch->surfaceList || index < -1 || index >= static_cast<int>(batch->batchSize)) return false;
  const int first = index < 0 ? 0 : index, last = index < 0 ? static_cast<int>(batch->batchSize) : index + 1;
  for (int i = first; i < last; ++i) {
    const int planes = static_cast<int>(batch->surfaceList[i].planeParams.num_planes);
    if (plane < -1 || plane >= planes) return false;
    for (int p = plane < 0 ? 0 : plane; p < (plane < 0 ? planes : plane + 1); ++p) visit(i, p);
  }
  return true;
}

void* address_of(const NvBufSurfaceParams& params, int plane) {
  if (params.mappedAddr.addr[plane]) return params.mappedAddr.addr[plane];
  return params.dataPtr ? static_cast<char*>(params.dataPtr) + params.planeParams.offset[plane] : nullptr;
}

// Rows of `width` pixels of one plane, `pitch` bytes apart.
struct Rows {
  char* first;
  std::size_t pitch, bytes, count;
};

Rows rows_of(const NvBufSurfaceParams& params, unsigned plane) {
  const auto& p = params.planeParams;
  return {static_cast<char*>(address_of(params, static_cast<int>(plane))), p.pitch[plane],
          static_cast<std::size_t>(p.width[plane]) * p.bytesPerPix[plane], p.height[plane]};
}

void copy_rows(const Rows& from, const Rows& to) {
  const std::size_t bytes = std::min(from.bytes, to.bytes);
  for (std::size_t y = 0; y < std::min(from.count, to.count); ++y)
    std::memcpy(to.first + y * to.pitch, from.first + y * from.pitch, bytes);
}

bool has_plane(const NvBufSurface* batch, unsigned index, unsigned plane) {
  return batch && batch->surfaceList && index < batch->batchSize &&
         plane < batch->surfaceList[index].planeParams.num_planes &&
         address_of(batch->surfaceList[index], static_cast<int>(plane));
}

// Rows of a program's own, without gaps.
Rows raw_rows(unsigned char* first, const NvBufSurfaceParams& params, unsigned plane, unsigned width, unsigned height) {
  const std::size_t bytes = static_cast<std::size_t>(width) * params.planeParams.bytesPerPix[plane];
  return {reinterpret_cast<char*>(first), bytes, bytes, height};
}

bool is_same_shape(const NvBufSurfaceParams& a, const NvBufSurfaceParams& b) {
  return a.width == b.width && a.height == b.height && a.colorFormat == b.colorFormat &&
         a.planeParams.num_planes == b.planeParams.num_planes;
}

}  // namespace
}  // namespace fluvial

using namespace fluvial;  // NOLINT: everything below is C with DeepStream's names

extern "C" {

FLUVIAL_EXPORT int NvBufSurfaceCreate(NvBufSurface** surf, uint32_t batch_size, NvBufSurfaceCreateParams* params) {
  if (!surf || !params || batch_size == 0) return refuse(__func__, "surf, params and a batchSize above 0 are needed");
  if (params->size > 0) return refuse(__func__, "params.size: only surfaces of a width, a height and a colour format");
  if (!is_replaceable(params->memType) || params->layout != NVBUF_LAYOUT_PITCH)
    return refuse(__func__, "only pitch-linear memory of the types 0 to 3 and 6, which is system memory here");
  try {
    auto own = make_batch(batch_size, *params);
    if (!own) return refuse(__func__, "the colour format is none of NV12, YUV420, RGBA, RGB, BGRx, GRAY8");
    *surf = &own.release()->batch;
    return done;
  } catch (const std::exception& e) {
    return refuse(__func__, e.what());
  }
}

FLUVIAL_EXPORT int NvBufSurfaceAllocate(NvBufSurface** surf, uint32_t batch_size, NvBufSurfaceAllocateParams* params) {
  return NvBufSurfaceCreate(surf, batch_size, params ? &params->params : nullptr);
}

FLUVIAL_EXPORT int NvBufSurfaceDestroy(NvBufSurface* surf) {
  // A program's copy of the struct has the mark too, but lies elsewhere.
  if (!surf || surf->_reserved[1] != &own_mark || surf->_reserved[0] != surf)
    return refuse(__func__, "not made by NvBufSurfaceCreate");
  delete reinterpret_cast<OwnBatch*>(surf);
  return done;
}

// System memory is always mapped; what a buffer shares with others is made private before it is written.
FLUVIAL_EXPORT int NvBufSurfaceMap(NvBufSurface* surf, int index, int plane, NvBufSurfaceMemMapFlags type) {
  try {
    const auto map = [&](int i, int p) {
      if (type != NVBUF_MAP_READ) make_private(*surf, static_cast<std::size_t>(i));
      auto& params = surf->surfaceList[i];
      params.mappedAddr.addr[p] = address_of(params, p);
    };
    return each_plane(surf, index, plane, map) ? done : refuse(__func__, "no such surface or plane");
  } catch (const std::exception& e) {
    return refuse(__func__, e.what());
  }
}

FLUVIAL_EXPORT int NvBufSurfaceUnMap(NvBufSurface* surf, int index, int plane) {
  return each_plane(surf, index, plane, [](int, int) {}) ? done : refuse(__func__, "no such surface or plane");
}
FLUVIAL_EXPORT int NvBufSurfaceSyncForCpu(NvBufSurface* surf, int index, int plane) {
  return each_plane(surf, index, plane, [](int, int) {}) ? done : refuse(__func__, "no such surface or plane");
}
FLUVIAL_EXPORT int NvBufSurfaceSyncForDevice(NvBufSurface* surf, int index, int plane) {
  return each_plane(surf, index, plane, [](int, int) {}) ? done : refuse(__func__, "no such surface or plane");
}

FLUVIAL_EXPORT int NvBufSurfaceMemSet(NvBufSurface* surf, int index, int plane, uint8_t value) {
  if (NvBufSurfaceMap(surf, index, plane, NVBUF_MAP_WRITE) != done) return failed;
  const auto fill = [&](int i, int p) {
    const Rows rows = rows_of(surf->surfaceList[i], static_cast<unsigned>(p));
    for (std::size_t y = 0; rows.first && y < rows.count; ++y)
      std::memset(rows.first + y * rows.pitch, value, rows.bytes);
  };
  return each_plane(surf, index, plane, fill) ? done : failed;
}

FLUVIAL_EXPORT int NvBufSurfaceCopy(NvBufSurface* from, NvBufSurface* to) {
  if (!from || !to || to->batchSize < from->batchSize) return refuse(__func__, "the destination has too few surfaces");
  for (uint32_t i = 0; i < from->batchSize; ++i)
    if (!is_same_shape(from->surfaceList[i], to->surfaceList[i])) return refuse(__func__, "sizes or formats differ");
  if (NvBufSurfaceMap(to, -1, -1, NVBUF_MAP_WRITE) != done) return failed;
  const auto copy = [&](int i, int p) {
    const auto plane = static_cast<unsigned>(p);
    copy_rows(rows_of(from->surfaceList[i], plane), rows_of(to->surfaceList[i], plane));
  };
  to->numFilled = from->numFilled;
  return each_plane(from, -1, -1, copy) ? done : failed;
}

FLUVIAL_EXPORT int NvBufSurface2Raw(NvBufSurface* surf, unsigned int index, unsigned int plane, unsigned int width,
                                    unsigned int height, unsigned char* raw) {
  if (!raw || !has_plane(surf, index, plane)) return refuse(__func__, "no such surface or plane, or no memory");
  const auto& params = surf->surfaceList[index];
  copy_rows(rows_of(params, plane), raw_rows(raw, params, plane, width, height));
  return done;
}

FLUVIAL_EXPORT int Raw2NvBufSurface(unsigned char* raw, unsigned int index, unsigned int plane, unsigned int width,
                                    unsigned int height, NvBufSurface* surf) {
  if (!raw || !has_plane(surf, index, plane)) return refuse(__func__, "no such surface or plane, or no memory");
  if (NvBufSurfaceMap(surf, static_cast<int>(index), static_cast<int>(plane), NVBUF_MAP_WRITE) != done) return failed;
  const auto& params = surf->surfaceList[index];
  copy_rows(raw_rows(raw, params, plane, width, height), rows_of(params, plane));
  return done;
}

FLUVIAL_EXPORT int NvBufSurfaceGetDeviceInfo(NvBufSurfaceDeviceInfo* info) {
  if (!info) return refuse(__func__, "info is NULL");
  *info = {};  // no driver, no known board
  return done;
}

FLUVIAL_EXPORT int NvBufSurfaceFromFd(int, void**) { return refuse(__func__, "system memory has no descriptor"); }
FLUVIAL_EXPORT int NvBufSurfaceImport(NvBufSurface**, const NvBufSurfaceMapParams*) {
  return refuse(__func__, "system memory has no descriptor to import");
}
FLUVIAL_EXPORT int NvBufSurfaceGetMapParams(const NvBufSurface*, int, NvBufSurfaceMapParams*) {
  return refuse(__func__, "system memory has no descriptor to export");
}
FLUVIAL_EXPORT int NvBufSurfaceMapEglImage(NvBufSurface*, int) {
  return refuse(__func__, "no EGL image of system memory");
}
FLUVIAL_EXPORT int NvBufSurfaceUnMapEglImage(NvBufSurface*, int) {
  return refuse(__func__, "no EGL image of system memory");
}
FLUVIAL_EXPORT int NvBufSurfaceMapCudaBuffer(NvBufSurface*, int) { return refuse(__func__, "no CUDA"); }
FLUVIAL_EXPORT int NvBufSurfaceUnMapCudaBuffer(NvBufSurface*, int) { return refuse(__func__, "no CUDA"); }
FLUVIAL_EXPORT int NvBufSurfaceMapNvmmBuffer(NvBufSurface*, int) { return refuse(__func__, "no NVMM driver"); }
FLUVIAL_EXPORT int NvBufSurfaceUnMapNvmmBuffer(NvBufSurface*, int) { return refuse(__func__, "no NVMM driver"); }
FLUVIAL_EXPORT int NvBufSurfaceSyncGpuL2CacheForDevice(NvBufSurface*, int, NvBufSurfaceGPUL2SyncParams*) {
  return refuse(__func__, "no GPU");
}

}  // extern "C"
