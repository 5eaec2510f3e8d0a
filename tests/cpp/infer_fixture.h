// For tests of the element in a harness: a folder, batches, a tiny model, what is said on the bus.
#pragma once

#include <doctest/doctest.h>
#include <gst/check/gstharness.h>
#include <gst/gst.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <initializer_list>
#include <string>
#include <vector>

#include "folder.h"
#include "meta/batch_buffer.h"
#include "surface/batch.h"
#include "surface/format.h"

namespace infer_fixture {

using namespace fluvial;  // NOLINT

constexpr int side = 32;  // pixels of the network's input; frames are twice as large

using testing::Folder;

inline GstBuffer* new_batch(guint frames, int frame_num) {
  auto allocator = make_system_allocator();
  std::vector<SurfacePtr> surfaces;
  for (guint i = 0; i < frames; ++i) {
    surfaces.push_back(allocator->allocate({PixelFormat::rgba, {2 * side, 2 * side}, {}}));
    allocator->clear(*surfaces.back());
  }
  auto* buffer = new_batch_buffer(std::move(surfaces));
  auto* batch = add_batch_meta(buffer, frames);
  for (guint i = 0; i < frames; ++i) {
    auto* frame = nvds_acquire_frame_meta_from_pool(batch);
    frame->batch_id = frame->pad_index = frame->source_id = i;
    frame->frame_num = frame_num;
    nvds_add_frame_meta_to_batch(batch, frame);
  }
  GST_BUFFER_PTS(buffer) = static_cast<GstClockTime>(frame_num) * 40 * GST_MSECOND;
  return buffer;
}

inline GstElement* new_element(const char* factory = "fluvialinfer") {
  auto* element = gst_element_factory_make(factory, nullptr);
  REQUIRE(element);
  return element;
}

inline std::string text_of(GstElement* element, const char* property) {
  gchar* text = nullptr;
  g_object_get(element, property, &text, nullptr);
  std::string copy = text ? text : "";
  g_free(text);
  return copy;
}

// The error that starting the element ends in.
inline std::string start_error(GstElement* element) {
  auto* bus = gst_bus_new();
  gst_element_set_bus(element, bus);
  CHECK(gst_element_set_state(element, GST_STATE_PAUSED) == GST_STATE_CHANGE_FAILURE);
  std::string text = "no error message";
  if (auto* message = gst_bus_pop_filtered(bus, GST_MESSAGE_ERROR)) {
    GError* error = nullptr;
    gst_message_parse_error(message, &error, nullptr);
    CHECK(error->domain == GST_RESOURCE_ERROR);
    CHECK(error->code == GST_RESOURCE_ERROR_SETTINGS);
    text = error->message;
    g_error_free(error);
    gst_message_unref(message);
  }
  gst_element_set_state(element, GST_STATE_NULL);
  gst_element_set_bus(element, nullptr);
  gst_object_unref(bus);
  return text;
}

// What a model answers to every picture.
struct ConstantOutput {
  std::string name;
  std::vector<int> shape;
  std::string type;   // OpenVINO's: f32, i64
  std::string bytes;  // of all elements
};

template <typename T>
std::string bytes_of_all(const std::vector<T>& values) {
  return {reinterpret_cast<const char*>(values.data()), values.size() * sizeof(T)};
}

inline ConstantOutput floats(const std::string& name, const std::vector<int>& shape, const std::vector<float>& values) {
  return {name, shape, "f32", bytes_of_all(values)};
}

// Layers of OpenVINO's own format.
class ModelText {
 public:
  static std::string dims(const std::vector<int>& sizes) {
    std::string text;
    for (int d : sizes) text += "<dim>" + std::to_string(d) + "</dim>";
    return text;
  }
  static std::string precision(const std::string& type) { return type == "f32" ? "FP32" : "I64"; }

  static std::string joined(const std::vector<int>& sizes) {
    std::string text;
    for (int d : sizes) text += (text.empty() ? "" : ",") + std::to_string(d);
    return text;
  }

  static std::string parameter(const std::vector<int>& shape) {
    return "<layer id='0' name='image' type='Parameter' version='opset1'><data shape='" + joined(shape) +
           "' element_type='f32'/><output><port id='0' precision='FP32' names='image'>" + dims(shape) +
           "</port></output></layer>";
  }

  static std::string constant(int id, const ConstantOutput& out, std::size_t offset) {
    return "<layer id='" + std::to_string(id) + "' name='" + out.name +
           "' type='Const' version='opset1'><data element_type='" + out.type + "' shape='" + joined(out.shape) +
           "' offset='" + std::to_string(offset) + "' size='" + std::to_string(out.bytes.size()) +
           "'/><output><port id='0' precision='" + precision(out.type) + "' names='" + out.name + "'>" +
           dims(out.shape) + "</port></output></layer>";
  }

  static std::string result(int id, const ConstantOutput& out) {
    return "<layer id='" + std::to_string(id) + "' name='" + out.name +
           "/out' type='Result' version='opset1'><input><port id='0' precision='" + precision(out.type) + "'>" +
           dims(out.shape) + "</port></input></layer>";
  }
};

// A model with one picture input that gives the same outputs for every picture.
inline std::string write_constant_model(const Folder& folder, const std::string& name,
                                        const std::vector<ConstantOutput>& outputs,
                                        const std::vector<int>& input = {1, 3, side, side}) {
  std::string weights, constants, results, edges;
  const int count = static_cast<int>(outputs.size());
  for (int i = 0; i < count; ++i) {
    const auto& out = outputs[static_cast<std::size_t>(i)];
    constants += ModelText::constant(1 + i, out, weights.size());
    results += ModelText::result(1 + count + i, out);
    edges += "<edge from-layer='" + std::to_string(1 + i) + "' from-port='0' to-layer='" +
             std::to_string(1 + count + i) + "' to-port='0'/>";
    weights += out.bytes;
  }
  folder.write(name + ".bin", weights);
  return folder.write(name + ".xml", "<?xml version='1.0'?><net name='" + name + "' version='11'><layers>" +
                                         ModelText::parameter(input) + constants + results + "</layers><edges>" +
                                         edges + "</edges></net>");
}

class Harness {
 public:
  explicit Harness(const std::string& model, const char* factory = "fluvialinfer") {
    element = new_element(factory);
    g_object_set(element, "model", model.c_str(), nullptr);
  }
  ~Harness() {
    gst_harness_teardown(harness);
    gst_object_unref(element);
  }
  Harness(const Harness&) = delete;
  Harness& operator=(const Harness&) = delete;
  void play() {
    harness = gst_harness_new_with_element(element, "sink", "src");
    auto* caps = surface_caps({PixelFormat::rgba, {2 * side, 2 * side}, {}}, 25, 1, 4);
    gst_harness_set_src_caps(harness, caps);
  }
  GstElement* element = nullptr;
  GstHarness* harness = nullptr;
};

}  // namespace infer_fixture
