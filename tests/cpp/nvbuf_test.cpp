// nvbufsurface.h and nvbufsurftransform.h on system memory.
#include <cstring>
#include <vector>

#include "leaks.h"
#include "nvbufsurftransform.h"
#include "surface/batch.h"

using namespace fluvial;

namespace {

// A batch of a program's own.
struct Own {
  NvBufSurface* batch = nullptr;
  Own(NvBufSurfaceColorFormat color, uint32_t width, uint32_t height, uint32_t count = 1) {
    NvBufSurfaceCreateParams params = {};
    params.width = width;
    params.height = height;
    params.colorFormat = color;
    params.memType = NVBUF_MEM_CUDA_UNIFIED;
    REQUIRE(NvBufSurfaceCreate(&batch, count, &params) == 0);
  }
  ~Own() { CHECK(NvBufSurfaceDestroy(batch) == 0); }
  uint8_t* row(uint32_t index, uint32_t y) const {
    const auto& params = batch->surfaceList[index];
    return static_cast<uint8_t*>(params.dataPtr) + y * params.pitch;
  }
};

NvBufSurfTransformRect rect(uint32_t left, uint32_t top, uint32_t width, uint32_t height) {
  return {top, left, width, height, {}};
}

}  // namespace

TEST_CASE("a surface of one's own says what it is: system memory, whatever was asked for") {
  const Own own(NVBUF_COLOR_FORMAT_NV12, 34, 18, 2);
  CHECK(own.batch->batchSize == 2);
  CHECK(own.batch->numFilled == 0);
  CHECK(own.batch->memType == NVBUF_MEM_SYSTEM);
  const auto& params = own.batch->surfaceList[1];
  CHECK(params.width == 34);
  CHECK(params.planeParams.num_planes == 2);
  CHECK(params.planeParams.width[1] == 17);
  CHECK(params.planeParams.bytesPerPix[1] == 2);
  CHECK(NvBufSurfaceMap(own.batch, -1, -1, NVBUF_MAP_READ_WRITE) == 0);
  CHECK(params.mappedAddr.addr[1] == static_cast<char*>(params.dataPtr) + params.planeParams.offset[1]);
  CHECK(NvBufSurfaceSyncForCpu(own.batch, 0, 0) == 0);
  CHECK(NvBufSurfaceSyncForDevice(own.batch, 0, 0) == 0);
  CHECK(NvBufSurfaceUnMap(own.batch, -1, -1) == 0);
}

TEST_CASE("what system memory cannot be is refused") {
  NvBufSurface* batch = nullptr;
  NvBufSurfaceCreateParams params = {};
  params.width = params.height = 8;
  params.colorFormat = NVBUF_COLOR_FORMAT_RGBA;
  params.memType = NVBUF_MEM_SURFACE_ARRAY;
  CHECK(NvBufSurfaceCreate(&batch, 1, &params) == -1);
  params.memType = NVBUF_MEM_DEFAULT;
  params.colorFormat = NVBUF_COLOR_FORMAT_UYVY;
  CHECK(NvBufSurfaceCreate(&batch, 1, &params) == -1);
  params.colorFormat = NVBUF_COLOR_FORMAT_RGBA;
  params.width = 0;
  CHECK(NvBufSurfaceCreate(&batch, 1, &params) == -1);
  CHECK(batch == nullptr);

  const Own own(NVBUF_COLOR_FORMAT_RGBA, 8, 8);
  CHECK(NvBufSurfaceMap(own.batch, 1, 0, NVBUF_MAP_READ) == -1);
  CHECK(NvBufSurfaceMap(own.batch, 0, 1, NVBUF_MAP_READ) == -1);
  CHECK(NvBufSurfaceMapEglImage(own.batch, 0) == -1);
  CHECK(NvBufSurfaceMapCudaBuffer(own.batch, 0) == -1);
  void* from_fd = nullptr;
  CHECK(NvBufSurfaceFromFd(0, &from_fd) == -1);
  NvBufSurface not_ours = {};
  CHECK(NvBufSurfaceDestroy(&not_ours) == -1);
  CHECK(NvBufSurfaceDestroy(nullptr) == -1);
}

TEST_CASE("pixels are set, copied between surfaces, and to and from rows without gaps") {
  const Own a(NVBUF_COLOR_FORMAT_RGBA, 6, 4, 2), b(NVBUF_COLOR_FORMAT_RGBA, 6, 4, 2),
      small(NVBUF_COLOR_FORMAT_RGBA, 4, 4, 2);
  CHECK(NvBufSurfaceMemSet(a.batch, -1, -1, 7) == 0);
  a.row(1, 3)[5] = 9;
  a.batch->numFilled = 2;
  CHECK(NvBufSurfaceCopy(a.batch, b.batch) == 0);
  CHECK(b.row(1, 3)[5] == 9);
  CHECK(b.row(0, 0)[0] == 7);
  CHECK(b.batch->numFilled == 2);
  CHECK(NvBufSurfaceCopy(a.batch, small.batch) == -1);

  std::vector<unsigned char> raw(6 * 4 * 4);
  CHECK(NvBufSurface2Raw(b.batch, 1, 0, 6, 4, raw.data()) == 0);
  CHECK(raw[3 * 6 * 4 + 5] == 9);
  raw[0] = 1;
  CHECK(Raw2NvBufSurface(raw.data(), 0, 0, 6, 4, b.batch) == 0);
  CHECK(b.row(0, 0)[0] == 1);
  CHECK(NvBufSurface2Raw(b.batch, 2, 0, 6, 4, raw.data()) == -1);
}

TEST_CASE("mapping a buffer's surface for writing leaves the other holder's pixels alone") {
  auto surface = make_system_allocator()->allocate({PixelFormat::rgba, {4, 4}, {}});
  surface->view().plane[0][0] = 1;
  GstBuffer* buffer = new_batch_buffer({surface});
  NvBufSurface* batch = nvbuf_surface_of(buffer);
  CHECK(NvBufSurfaceMap(batch, 0, 0, NVBUF_MAP_READ) == 0);
  CHECK(batch->surfaceList[0].dataPtr == surface->view().plane[0]);
  CHECK(NvBufSurfaceMap(batch, 0, 0, NVBUF_MAP_READ_WRITE) == 0);
  static_cast<uint8_t*>(batch->surfaceList[0].mappedAddr.addr[0])[0] = 2;
  CHECK(surface->view().plane[0][0] == 1);
  CHECK(NvBufSurfaceDestroy(batch) == -1);  // it is the buffer's
  gst_buffer_unref(buffer);
}

TEST_CASE("a copy of the struct that starts at one surface means that surface") {
  auto allocator = make_system_allocator();
  const SurfaceFormat format{PixelFormat::rgba, {4, 4}, {}};
  std::vector<SurfacePtr> both = {allocator->allocate(format), allocator->allocate(format)};
  GstBuffer* buffer = new_batch_buffer(both);
  NvBufSurface* batch = nvbuf_surface_of(buffer);
  NvBufSurface one = *batch;
  one.batchSize = one.numFilled = 1;
  one.surfaceList = &batch->surfaceList[1];
  CHECK(NvBufSurfaceMap(&one, 0, 0, NVBUF_MAP_WRITE) == 0);
  CHECK(batch->surfaceList[0].dataPtr == both[0]->view().plane[0]);
  CHECK(batch->surfaceList[1].dataPtr != both[1]->view().plane[0]);
  gst_buffer_unref(buffer);

  const Own own(NVBUF_COLOR_FORMAT_RGBA, 4, 4);
  NvBufSurface copy = *own.batch;
  CHECK(NvBufSurfaceDestroy(&copy) == -1);
}

TEST_CASE("a transform crops, scales, converts and turns") {
  const Own source(NVBUF_COLOR_FORMAT_RGBA, 4, 2), target(NVBUF_COLOR_FORMAT_RGBA, 2, 4);
  NvBufSurfaceMemSet(source.batch, 0, 0, 0);
  source.row(0, 0)[0] = 200;  // top left
  NvBufSurfTransformParams params = {};
  params.transform_flag = NVBUFSURF_TRANSFORM_FLIP;
  params.transform_flip = NvBufSurfTransform_Rotate90;
  CHECK(NvBufSurfTransform(source.batch, target.batch, &params) == NvBufSurfTransformError_Success);
  CHECK(target.row(0, 0)[4] == 200);  // clockwise: top right
  CHECK(target.batch->numFilled == 1);

  const Own grey(NVBUF_COLOR_FORMAT_GRAY8, 2, 2);
  auto from = rect(0, 0, 1, 1), to = rect(1, 1, 1, 1);
  NvBufSurfaceMemSet(grey.batch, 0, 0, 3);
  params = {};
  params.transform_flag = NVBUFSURF_TRANSFORM_CROP_SRC | NVBUFSURF_TRANSFORM_CROP_DST;
  params.src_rect = &from;
  params.dst_rect = &to;
  CHECK(NvBufSurfTransform(source.batch, grey.batch, &params) == NvBufSurfTransformError_Success);
  CHECK(grey.row(0, 0)[0] == 3);
  CHECK(grey.row(0, 1)[1] > 40);  // red's share of grey
}

TEST_CASE("a transform that cannot be says why") {
  const Own source(NVBUF_COLOR_FORMAT_RGBA, 4, 4, 2), target(NVBUF_COLOR_FORMAT_RGBA, 4, 4);
  NvBufSurfTransformParams params = {};
  CHECK(NvBufSurfTransform(nullptr, target.batch, &params) == NvBufSurfTransformError_Invalid_Params);
  source.batch->numFilled = 2;
  CHECK(NvBufSurfTransform(source.batch, target.batch, &params) == NvBufSurfTransformError_Invalid_Params);
  source.batch->numFilled = 1;
  params.transform_flag = NVBUFSURF_TRANSFORM_NORMALIZE;
  CHECK(NvBufSurfTransform(source.batch, target.batch, &params) == NvBufSurfTransformError_Unsupported);
  auto outside = rect(2, 2, 4, 4);
  params.transform_flag = NVBUFSURF_TRANSFORM_CROP_SRC;
  params.src_rect = &outside;
  CHECK(NvBufSurfTransform(source.batch, target.batch, &params) == NvBufSurfTransformError_ROI_Error);
}

TEST_CASE("surfaces are composed into one picture, also with a sync object") {
  const Own source(NVBUF_COLOR_FORMAT_GRAY8, 2, 2, 2), target(NVBUF_COLOR_FORMAT_GRAY8, 4, 2);
  NvBufSurfaceMemSet(source.batch, 0, 0, 10);
  NvBufSurfaceMemSet(source.batch, 1, 0, 20);
  NvBufSurfTransformRect from[2] = {rect(0, 0, 2, 2), rect(0, 0, 2, 2)};
  NvBufSurfTransformRect to[2] = {rect(0, 0, 2, 2), rect(2, 0, 2, 2)};
  NvBufSurfTransformCompositeParams params = {};
  params.composite_flag = NVBUFSURF_TRANSFORM_COMPOSITE;
  params.input_buf_count = 2;
  params.src_comp_rect = from;
  params.dst_comp_rect = to;
  NvBufSurfTransformSyncObj_t sync = nullptr;
  CHECK(NvBufSurfTransformCompositeAsync(source.batch, target.batch, &params, &sync) ==
        NvBufSurfTransformError_Success);
  CHECK(NvBufSurfTransformSyncObjWait(sync, 1000) == NvBufSurfTransformError_Success);
  CHECK(NvBufSurfTransformSyncObjDestroy(&sync) == NvBufSurfTransformError_Success);
  CHECK(sync == nullptr);
  CHECK(target.row(0, 1)[1] == 10);
  CHECK(target.row(0, 1)[2] == 20);
  params.input_buf_count = 3;
  CHECK(NvBufSurfTransformComposite(source.batch, target.batch, &params) == NvBufSurfTransformError_Invalid_Params);
}

TEST_CASE("a thread's session is given back as it was set") {
  NvBufSurfTransformConfigParams set = {}, got = {};
  set.compute_mode = NvBufSurfTransformCompute_GPU;
  CHECK(NvBufSurfTransformSetSessionParams(&set) == NvBufSurfTransformError_Success);
  CHECK(NvBufSurfTransformGetSessionParams(&got) == NvBufSurfTransformError_Success);
  CHECK(got.compute_mode == NvBufSurfTransformCompute_GPU);
  CHECK(NvBufSurfTransformSetDefaultSession() == NvBufSurfTransformError_Success);
}
