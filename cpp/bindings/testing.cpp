// _core._testing: buffers with metadata, made without a pipeline. For the project's own tests and benchmarks.
#include <nanobind/ndarray.h>
#include <nanobind/stl/string.h>

#include <atomic>
#include <string>

#include "bindings/buffers.h"
#include "bindings/face.h"
#include "meta/batch_buffer.h"
#include "surface/batch.h"
#include "surface/format.h"
#include "surface/view_surface.h"

namespace fluvial::python {
namespace {

// Holds a GstBuffer; hash(buffer) is its address, as PyGObject's Gst.Buffer.
class TestBuffer {
 public:
  explicit TestBuffer(GstBuffer* buffer) : buffer_(buffer) {}
  TestBuffer(const TestBuffer&) = delete;
  ~TestBuffer() { close(); }

  void close() {
    GstBuffer* buffer = std::exchange(buffer_, nullptr);
    if (!buffer) return;
    nb::gil_scoped_release release;
    gst_buffer_unref(buffer);
  }
  GstBuffer* take() {
    get();
    return std::exchange(buffer_, nullptr);
  }
  GstBuffer* get() const {
    if (!buffer_) throw nb::value_error("the test buffer is closed");
    return buffer_;
  }

 private:
  GstBuffer* buffer_;
};

PixelFormat format_named(const std::string& name) { return pixel_format(gst_video_format_from_string(name.c_str())); }

void fill_object(NvDsObjectMeta* object, int index) {
  object->class_id = index % 4;
  object->object_id = UNTRACKED_OBJECT_ID;
  object->confidence = 0.5F + 0.01F * static_cast<float>(index);
  object->rect_params.left = 10.0F * static_cast<float>(index);
  object->rect_params.top = 5;
  object->rect_params.width = 20;
  object->rect_params.height = 30;
  object->rect_params.border_width = 3;
  object->detector_bbox_info.org_bbox_coords = {10.0F * static_cast<float>(index), 5, 20, 30};
  g_snprintf(object->obj_label, sizeof(object->obj_label), "class%d", index % 4);
}

void fill_batch(NvDsBatchMeta* batch, int frames, int objects, int width, int height) {
  for (int i = 0; i < frames; ++i) {
    auto* frame = nvds_acquire_frame_meta_from_pool(batch);
    frame->pad_index = frame->batch_id = frame->source_id = static_cast<guint>(i);
    frame->frame_num = 7 + i;
    frame->buf_pts = 40000000U * static_cast<guint>(i);
    frame->source_frame_width = static_cast<guint>(2 * width);
    frame->source_frame_height = static_cast<guint>(2 * height);
    nvds_add_frame_meta_to_batch(batch, frame);
    for (int o = 0; o < objects; ++o) {
      auto* object = nvds_acquire_obj_meta_from_pool(batch);
      fill_object(object, o);
      nvds_add_obj_meta_to_frame(frame, object, nullptr);
    }
  }
}

TestBuffer* make_buffer(int frames, int objects, const std::string& format, int width, int height) {
  if (!gst_is_initialized()) gst_init(nullptr, nullptr);
  auto allocator = make_system_allocator();
  std::vector<SurfacePtr> surfaces;
  for (int i = 0; i < frames; ++i) {
    surfaces.push_back(allocator->allocate({format_named(format), {width, height}, {}}));
    allocator->clear(*surfaces.back());
  }
  GstBuffer* buffer = new_batch_buffer(std::move(surfaces));
  fill_batch(add_batch_meta(buffer, static_cast<guint>(frames)), frames, objects, width, height);
  return new TestBuffer(buffer);
}

// Says that its pixels are on a GPU; they are on the host, where nothing that goes by the addresses can do harm.
class PretendedDeviceSurface final : public Surface {
 public:
  explicit PretendedDeviceSurface(SurfacePtr pixels) : Surface(pixels->format()), pixels_(std::move(pixels)) {}
  NvBufSurfaceMemType memory() const override { return NVBUF_MEM_CUDA_DEVICE; }
  int gpu() const override { return 0; }
  ImageView view() const override { return pixels_->view(); }
  bool is_private() const override { return true; }

 private:
  SurfacePtr pixels_;
};

// Of one frame.
TestBuffer* make_device_buffer(const std::string& format, int width, int height) {
  if (!gst_is_initialized()) gst_init(nullptr, nullptr);
  auto allocator = make_system_allocator();
  SurfacePtr pixels = allocator->allocate({format_named(format), {width, height}, {}});
  allocator->clear(*pixels);
  GstBuffer* buffer = new_batch_buffer({std::make_shared<PretendedDeviceSurface>(std::move(pixels))});
  fill_batch(add_batch_meta(buffer, 1), 1, 0, width, height);
  return new TestBuffer(buffer);
}

// Whether anybody still holds a frame's surface.
struct SurfaceWatch {
  std::weak_ptr<Surface> surface;
};

int pixel_at(const TestBuffer& buffer, std::size_t batch_id, int x, int y) {
  const ImageView view = surface_at(buffer.get(), batch_id)->view();
  return view.plane[0][y * view.stride[0] + x * (view.format == PixelFormat::rgb ? 3 : 4)];
}

// RGBA pixels into a frame's surface, converted to its format.
void paint(const TestBuffer& buffer, std::size_t batch_id,
           const nb::ndarray<const std::uint8_t, nb::c_contig, nb::shape<-1, -1, 4>>& rgba) {
  ImageView view;
  view.format = PixelFormat::rgba;
  view.width = static_cast<int>(rgba.shape(1));
  view.height = static_cast<int>(rgba.shape(0));
  view.plane[0] = const_cast<std::uint8_t*>(rgba.data());
  view.stride[0] = 4 * view.width;
  make_system_allocator()->transform(ViewSurface(view), *writable_surface_at(buffer.get(), batch_id), {});
}

// --- what elements of other kinds leave, in its simplest form

NvDsFrameMeta* first_frame(const TestBuffer& buffer) {
  return static_cast<NvDsFrameMeta*>(gst_buffer_get_nvds_batch_meta(buffer.get())->frame_meta_list->data);
}

// The data is one block, so that freeing it is g_free.
void add_user_meta(const TestBuffer& buffer, NvDsMetaType type, void* data) {
  NvDsFrameMeta* frame = first_frame(buffer);
  auto* user = nvds_acquire_user_meta_from_pool(frame->base_meta.batch_meta);
  user->user_meta_data = data;
  user->base_meta.meta_type = type;
  user->base_meta.release_func = [](gpointer meta, gpointer) {
    g_free(static_cast<NvDsUserMeta*>(meta)->user_meta_data);
  };
  nvds_add_user_meta_to_frame(frame, user);
}

// One layer "scores" of 3 floats: 0.5, 1.5, 2.5.
void add_tensors(const TestBuffer& buffer) {
  struct Block {
    NvDsInferTensorMeta meta;
    NvDsInferLayerInfo layer;
    void* host;
    float values[3];
  };
  auto* block = g_new0(Block, 1);
  block->layer.layerName = "scores";
  block->layer.inferDims.numDims = 1;
  block->layer.inferDims.d[0] = block->layer.inferDims.numElements = 3;
  for (int i = 0; i < 3; ++i) block->values[i] = static_cast<float>(i) + 0.5F;
  block->host = block->values;
  block->meta = {5, 1, &block->layer, &block->host, nullptr, 0, nullptr, {640, 480, 3}, 0, 0};
  add_user_meta(buffer, NVDSINFER_TENSOR_OUTPUT_META, &block->meta);
}

// Two rows of three classes: 0 1 2 / 3 4 -1.
void add_segmentation(const TestBuffer& buffer) {
  struct Block {
    NvDsInferSegmentationMeta meta;
    gint map[6];
  };
  auto* block = g_new0(Block, 1);
  for (int i = 0; i < 6; ++i) block->map[i] = i < 5 ? i : -1;
  block->meta.classes = 5;
  block->meta.width = 3;
  block->meta.height = 2;
  block->meta.class_map = block->map;
  add_user_meta(buffer, NVDSINFER_SEGMENTATION_META, &block->meta);
}

// One stream with one object of two frames.
void add_past_frames(const TestBuffer& buffer) {
  struct Block {
    NvDsTargetMiscDataBatch batch;
    NvDsTargetMiscDataStream stream;
    NvDsTargetMiscDataObject object;
    NvDsTargetMiscDataFrame frames[2];
  };
  auto* block = g_new0(Block, 1);
  for (guint i = 0; i < 2; ++i) {
    block->frames[i].frameNum = 10 + i;
    block->frames[i].tBbox.left = 5;
    block->frames[i].age = i;
  }
  block->object = {block->frames, 2, 2, 77, 1, "person"};
  block->stream = {&block->object, 3, 3, 1, 1};
  block->batch = {&block->stream, 1, 1, nullptr};
  add_user_meta(buffer, NVDS_TRACKER_PAST_FRAME_META, &block->batch);
}

// Every buffer that passes the pad gets a batch of one frame, as a mux would give it.
void tag_buffers(nb::handle pad, int objects) {
  const auto tag = [](GstPad*, GstPadProbeInfo* probe, gpointer count) {
    fill_batch(add_batch_meta(GST_PAD_PROBE_INFO_BUFFER(probe), 1), 1, GPOINTER_TO_INT(count), 64, 48);
    return GST_PAD_PROBE_OK;
  };
  gst_pad_add_probe(static_cast<GstPad*>(object_in(pad, GST_TYPE_PAD)), GST_PAD_PROBE_TYPE_BUFFER, tag,
                    GINT_TO_POINTER(objects), nullptr);
}

// Pushes as a streaming thread does. The buffer is given away, so that the pad's peer holds the only reference.
int push(nb::handle pad, TestBuffer& buffer) {
  auto* from = static_cast<GstPad*>(object_in(pad, GST_TYPE_PAD));
  GstBuffer* pushed = buffer.take();
  nb::gil_scoped_release release;
  return gst_pad_push(from, pushed);
}

std::atomic<int> lock_waits{0};

void watch_lock() {
  if (PyGILState_Check()) Py_FatalError("waits for the lock of a batch with the GIL in its hand");
  ++lock_waits;
}

}  // namespace

void bind_testing(nb::module_& m) {
  nb::class_<TestBuffer>(m, "Buffer")
      .def("__hash__", [](const TestBuffer& self) { return reinterpret_cast<std::uintptr_t>(self.get()); })
      .def("close", &TestBuffer::close)
      .def(
          "copy",
          [](const TestBuffer& self) {
            GstBuffer* from = gst_buffer_ref(self.get());
            GstBuffer* copy = nullptr;
            {
              nb::gil_scoped_release release;  // as PyGObject does: copying waits for the metadata's lock
              copy = gst_buffer_copy(from);
              gst_buffer_unref(from);
            }
            return new TestBuffer(copy);
          },
          nb::rv_policy::take_ownership)
      .def("pixel", pixel_at, nb::arg("batch_id"), nb::arg("x"), nb::arg("y"), "The first byte of a pixel.")
      .def_prop_ro("references", [](const TestBuffer& self) { return GST_MINI_OBJECT_REFCOUNT_VALUE(self.get()); });
  m.def(
      "watch_locks", [] { set_lock_watcher(watch_lock); },
      "From now on, ends the process where a thread waits for what a thread may hold that waits for it.");
  m.def(
      "lock_waits", [] { return lock_waits.load(); },
      "How often a thread has waited for the lock of a batch, watched.");
  m.def("paint", paint, nb::arg("buffer"), nb::arg("batch_id"), nb::arg("rgba"));
  nb::class_<SurfaceWatch>(m, "SurfaceWatch").def_prop_ro("is_alive", [](const SurfaceWatch& self) {
    return !self.surface.expired();
  });
  m.def(
      "watch_surface", [](const TestBuffer& buffer) { return SurfaceWatch{surface_at(buffer.get(), 0)}; },
      nb::arg("buffer"));
  m.def("make_device_buffer", make_device_buffer, nb::rv_policy::take_ownership, nb::arg("format") = "RGBA",
        nb::arg("width") = 64, nb::arg("height") = 48);
  m.def("add_tensors", add_tensors, nb::arg("buffer"));
  m.def("add_segmentation", add_segmentation, nb::arg("buffer"));
  m.def("add_past_frames", add_past_frames, nb::arg("buffer"));
  m.def("tag_buffers", tag_buffers, nb::arg("pad"), nb::arg("objects") = 0);
  m.def("push", push, nb::arg("pad"), nb::arg("buffer"));
  m.def("make_buffer", make_buffer, nb::rv_policy::take_ownership, nb::arg("frames") = 1, nb::arg("objects") = 0,
        nb::arg("format") = "RGBA", nb::arg("width") = 64, nb::arg("height") = 48);
}

}  // namespace fluvial::python
