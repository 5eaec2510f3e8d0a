// A filter of batches in a harness: its config file, batches whose pixels tell where they are, and what is said on the
// bus.
#pragma once

#include <doctest/doctest.h>

#include <filesystem>
#include <fstream>
#include <memory>
#include <string>
#include <vector>

#include "folder.h"
#include "harness.h"
#include "messages.h"
#include "meta/batch_buffer.h"
#include "surface/batch.h"
#include "surface/format.h"

namespace testing {

using namespace fluvial;

constexpr int width = 64, height = 48;

// Red is the column, green the row, blue the source.
inline SurfacePtr new_picture(guint source) {
  const auto allocator = make_system_allocator();
  auto surface = allocator->allocate({PixelFormat::rgba, {width, height}, {}});
  const auto view = surface->view();
  for (int y = 0; y < height; ++y)
    for (int x = 0; x < width; ++x) {
      auto* pixel = view.plane[0] + y * view.stride[0] + 4 * x;
      pixel[0] = static_cast<std::uint8_t>(x);
      pixel[1] = static_cast<std::uint8_t>(y);
      pixel[2] = static_cast<std::uint8_t>(source);
      pixel[3] = 255;
    }
  return surface;
}

inline GstBuffer* new_batch(guint frames, int frame_num = 0) {
  std::vector<SurfacePtr> surfaces;
  for (guint i = 0; i < frames; ++i) surfaces.push_back(new_picture(i));
  auto* buffer = new_batch_buffer(std::move(surfaces));
  auto* batch = add_batch_meta(buffer, frames);
  for (guint i = 0; i < frames; ++i) {
    auto* frame = nvds_acquire_frame_meta_from_pool(batch);
    frame->batch_id = frame->pad_index = frame->source_id = i;
    frame->frame_num = frame_num;
    nvds_add_frame_meta_to_batch(batch, frame);
  }
  return buffer;
}

inline NvDsFrameMeta* frame_of(GstBuffer* buffer, guint source) {
  for (auto* frame : each<NvDsFrameMeta>(gst_buffer_get_nvds_batch_meta(buffer)->frame_meta_list))
    if (frame->source_id == source) return frame;
  return nullptr;
}

using BufferPtr = std::unique_ptr<GstBuffer, void (*)(GstBuffer*)>;

class BatchFilter {
 public:
  BatchFilter(const char* factory, const char* property, const char* file, const std::string& config)
      : element_(GST_ELEMENT(gst_object_ref_sink(gst_element_factory_make(factory, nullptr)))), bus_(gst_bus_new()) {
    g_object_set(element_, property, folder_.write(file, config).c_str(), nullptr);
  }
  ~BatchFilter() {
    harness_.reset();
    gst_element_set_state(element_, GST_STATE_NULL);
    gst_element_set_bus(element_, nullptr);  // messages on the bus hold the element
    gst_object_unref(element_);
    gst_object_unref(bus_);
  }
  BatchFilter(const BatchFilter&) = delete;
  BatchFilter& operator=(const BatchFilter&) = delete;

  GstElement* element() const { return element_; }
  const Folder& folder() const { return folder_; }
  GstHarness* start() {
    if (!harness_) {
      gst_element_set_bus(element_, bus_);
      harness_ = std::make_unique<Harness>(element_, "sink", "src");
      harness_->set_caps(surface_caps_text("RGBA", width, height), surface_caps_text("RGBA", width, height));
    }
    return harness_->get();
  }
  GstFlowReturn push(GstBuffer* buffer) {
    start();
    return harness_->push(buffer);
  }
  BufferPtr pass(GstBuffer* buffer) {
    REQUIRE(push(buffer) == GST_FLOW_OK);
    return {harness_->pull(), gst_buffer_unref};
  }

  // The text of the next message of a kind, or "no message".
  std::string message(GstMessageType type) const { return text_of(gst_bus_pop_filtered(bus_, type)); }
  std::string start_error() const {
    gst_element_set_bus(element_, bus_);
    CHECK(gst_element_set_state(element_, GST_STATE_PAUSED) == GST_STATE_CHANGE_FAILURE);
    gst_element_set_state(element_, GST_STATE_NULL);
    return message(GST_MESSAGE_ERROR);
  }

 private:
  Folder folder_;
  GstElement* element_;
  GstBus* bus_;
  std::unique_ptr<Harness> harness_;
};

}  // namespace testing
