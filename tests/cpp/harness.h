// Elements alone: GstHarness with the ownership written down, and frames to push into it.
#pragma once

#include <gst/check/gstharness.h>
#include <gst/video/video.h>

#include <string>

namespace testing {

class Harness {
 public:
  explicit Harness(const char* element) : harness_(gst_harness_new(element)) {}
  // One pad, or two, of an element that others drive too. nullptr: not that side.
  Harness(GstElement* element, const char* sink, const char* src)
      : harness_(gst_harness_new_with_element(element, sink, src)) {}
  ~Harness() { gst_harness_teardown(harness_); }
  Harness(const Harness&) = delete;
  Harness& operator=(const Harness&) = delete;

  GstHarness* get() const { return harness_; }
  GstElement* element() const { return harness_->element; }
  void set_caps(const std::string& in, const std::string& out) const {
    gst_harness_set_src_caps_str(harness_, in.c_str());
    gst_harness_set_sink_caps_str(harness_, out.c_str());
  }
  void set_in_caps(const std::string& in) const { gst_harness_set_src_caps_str(harness_, in.c_str()); }
  GstFlowReturn push(GstBuffer* buffer) const { return gst_harness_push(harness_, buffer); }
  GstBuffer* pull() const { return gst_harness_pull(harness_); }  // nullptr after a minute
  GstBuffer* try_pull() const { return gst_harness_try_pull(harness_); }

 private:
  GstHarness* harness_;
};

inline std::string video_caps(const char* format, int width, int height, const char* rest = "") {
  return "video/x-raw,format=" + std::string(format) + ",width=" + std::to_string(width) +
         ",height=" + std::to_string(height) + ",framerate=30/1" + rest;
}

inline std::string surface_caps_text(const char* format, int width, int height, const char* rest = "") {
  return "video/x-raw(memory:NVMM),format=" + std::string(format) + ",width=" + std::to_string(width) +
         ",height=" + std::to_string(height) + ",framerate=30/1" + rest;
}

// A frame in system memory, all bytes of one value; number n of 30 a second.
inline GstBuffer* new_frame(GstVideoFormat format, int width, int height, int n = 0, guint8 value = 128) {
  GstVideoInfo info;
  gst_video_info_set_format(&info, format, guint(width), guint(height));
  auto* buffer = gst_buffer_new_allocate(nullptr, GST_VIDEO_INFO_SIZE(&info), nullptr);
  gst_buffer_memset(buffer, 0, value, GST_VIDEO_INFO_SIZE(&info));
  GST_BUFFER_PTS(buffer) = gst_util_uint64_scale(GstClockTime(n), GST_SECOND, 30);
  GST_BUFFER_DURATION(buffer) = GST_SECOND / 30;
  return buffer;
}

}  // namespace testing
