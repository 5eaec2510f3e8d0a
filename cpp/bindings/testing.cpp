// _core._testing: buffers with metadata, made without a pipeline. For the project's own tests and benchmarks.
#include <nanobind/stl/string.h>

#include <string>

#include "bindings/buffers.h"
#include "bindings/face.h"
#include "meta/batch_buffer.h"
#include "surface/batch.h"
#include "surface/format.h"

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

int pixel_at(const TestBuffer& buffer, std::size_t batch_id, int x, int y) {
  const ImageView view = surface_at(buffer.get(), batch_id)->view();
  return view.plane[0][y * view.stride[0] + x * (view.format == PixelFormat::rgb ? 3 : 4)];
}

// Every buffer that passes the pad gets a batch of one frame, as a mux would give it.
void tag_buffers(nb::handle pad, int objects) {
  const auto tag = [](GstPad*, GstPadProbeInfo* probe, gpointer count) {
    fill_batch(add_batch_meta(GST_PAD_PROBE_INFO_BUFFER(probe), 1), 1, GPOINTER_TO_INT(count), 64, 48);
    return GST_PAD_PROBE_OK;
  };
  gst_pad_add_probe(static_cast<GstPad*>(object_at(pad, GST_TYPE_PAD)), GST_PAD_PROBE_TYPE_BUFFER, tag,
                    GINT_TO_POINTER(objects), nullptr);
}

// Pushes as a streaming thread does. The buffer is given away, so that the pad's peer holds the only reference.
int push(nb::handle pad, TestBuffer& buffer) {
  auto* from = static_cast<GstPad*>(object_at(pad, GST_TYPE_PAD));
  GstBuffer* pushed = buffer.take();
  nb::gil_scoped_release release;
  return gst_pad_push(from, pushed);
}

}  // namespace

void bind_testing(nb::module_& m) {
  nb::class_<TestBuffer>(m, "Buffer")
      .def("__hash__", [](const TestBuffer& self) { return reinterpret_cast<std::uintptr_t>(self.get()); })
      .def("close", &TestBuffer::close)
      .def(
          "copy", [](const TestBuffer& self) { return new TestBuffer(gst_buffer_copy(self.get())); },
          nb::rv_policy::take_ownership)
      .def("pixel", pixel_at, nb::arg("batch_id"), nb::arg("x"), nb::arg("y"), "The first byte of a pixel.")
      .def_prop_ro("references", [](const TestBuffer& self) { return GST_MINI_OBJECT_REFCOUNT_VALUE(self.get()); });
  m.def("tag_buffers", tag_buffers, nb::arg("pad"), nb::arg("objects") = 0);
  m.def("push", push, nb::arg("pad"), nb::arg("buffer"));
  m.def("make_buffer", make_buffer, nb::rv_policy::take_ownership, nb::arg("frames") = 1, nb::arg("objects") = 0,
        nb::arg("format") = "RGBA", nb::arg("width") = 64, nb::arg("height") = 48);
}

}  // namespace fluvial::python
