// Whole small pipelines in a test: built from a description, run to their end, judged by what was said on the bus.
#pragma once

#include <gst/gst.h>

#include <functional>
#include <stdexcept>
#include <string>
#include <vector>

namespace testing {

// What came over the bus until the end, an error, or the time limit.
struct Outcome {
  bool has_ended = false;
  std::string error;                  // of the first error message; empty: none
  std::vector<guint> ended_sources;   // of "stream-eos" messages, in order
  std::vector<std::string> warnings;
};

class Pipeline {
 public:
  explicit Pipeline(const std::string& description) {
    GError* error = nullptr;
    pipeline_ = gst_parse_launch(description.c_str(), &error);
    if (!error) return;
    const std::string text = error->message;
    g_error_free(error);
    gst_clear_object(&pipeline_);  // what could be made of it
    throw std::runtime_error(text);
  }
  ~Pipeline() {
    gst_element_set_state(pipeline_, GST_STATE_NULL);
    gst_object_unref(pipeline_);
  }
  Pipeline(const Pipeline&) = delete;
  Pipeline& operator=(const Pipeline&) = delete;

  GstElement* get() const { return pipeline_; }
  // Borrowed: the pipeline holds it.
  GstElement* element(const char* name) const {
    auto* element = gst_bin_get_by_name(GST_BIN(pipeline_), name);
    if (!element) throw std::runtime_error(std::string("no element named ") + name);
    gst_object_unref(element);
    return element;
  }

  void set_state(GstState state) const { gst_element_set_state(pipeline_, state); }
  // True when the state is reached in time.
  bool reaches(GstState state, guint seconds = 10) const {
    if (gst_element_set_state(pipeline_, state) == GST_STATE_CHANGE_FAILURE) return false;
    return gst_element_get_state(pipeline_, nullptr, nullptr, seconds * GST_SECOND) != GST_STATE_CHANGE_ASYNC;
  }

  Outcome play(guint seconds = 20) const {
    set_state(GST_STATE_PLAYING);
    return wait(seconds);
  }
  Outcome wait(guint seconds = 20) const {
    Outcome outcome;
    auto* bus = gst_element_get_bus(pipeline_);
    const gint64 until = g_get_monotonic_time() + gint64(seconds) * G_USEC_PER_SEC;
    while (!outcome.has_ended && outcome.error.empty()) {
      const gint64 left = until - g_get_monotonic_time();
      if (left <= 0) break;
      auto* message = gst_bus_timed_pop(bus, GstClockTime(left) * 1000);
      if (!message) break;
      note(message, outcome);
      gst_message_unref(message);
    }
    gst_object_unref(bus);
    return outcome;
  }

 private:
  static void note(GstMessage* message, Outcome& outcome) {
    GError* error = nullptr;
    guint id = 0;
    switch (GST_MESSAGE_TYPE(message)) {
      case GST_MESSAGE_EOS: outcome.has_ended = true; break;
      case GST_MESSAGE_ERROR:
        gst_message_parse_error(message, &error, nullptr);
        outcome.error = error->message;
        break;
      case GST_MESSAGE_WARNING:
        gst_message_parse_warning(message, &error, nullptr);
        outcome.warnings.push_back(error->message);
        break;
      case GST_MESSAGE_ELEMENT:
        if (gst_message_has_name(message, "stream-eos") &&
            gst_structure_get_uint(gst_message_get_structure(message), "stream-id", &id))
          outcome.ended_sources.push_back(id);
        break;
      default: break;
    }
    g_clear_error(&error);
  }

  GstElement* pipeline_ = nullptr;
};

// Calls `look` with every buffer that passes a pad, in the streaming thread.
using Look = std::function<void(GstBuffer*)>;

inline void watch(GstElement* element, const char* pad_name, Look look) {
  auto* pad = gst_element_get_static_pad(element, pad_name);
  gst_pad_add_probe(
      pad, GST_PAD_PROBE_TYPE_BUFFER,
      [](GstPad*, GstPadProbeInfo* info, gpointer data) {
        (*static_cast<Look*>(data))(GST_PAD_PROBE_INFO_BUFFER(info));
        return GST_PAD_PROBE_OK;
      },
      new Look(std::move(look)), [](gpointer data) { delete static_cast<Look*>(data); });
  gst_object_unref(pad);
}

}  // namespace testing
