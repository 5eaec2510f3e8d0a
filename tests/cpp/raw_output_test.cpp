// Outputs as they are, for files and for a function of C's; boxes that are cut at their class's offsets.
#include "infer_fixture.h"
#include "leaks.h"
// leaks.h has the main()
#include <filesystem>

#include "gstnvdsinfer.h"

using namespace fluvial;        // NOLINT
using namespace infer_fixture;  // NOLINT

#ifndef __SANITIZE_ADDRESS__  // models need OpenVINO, which the sanitizers' build does not have

namespace {

std::string model_in(const Folder& folder) {
  return write_constant_model(folder, "tiny",
                              {floats("boxes", {1, 5}, {4, 2, 14, 28, .9F}),
                               {"labels", {1}, "i64", bytes_of_all(std::vector<std::int64_t>{0})}});
}

struct Heard {
  int calls = 0;
  guint layers = 0, batch = 0, width = 0;
  std::string name;
  float first = 0;
};

void hear(GstBuffer* buffer, NvDsInferNetworkInfo* network, NvDsInferLayerInfo* layers, guint count, guint batch,
          gpointer data) {
  auto* heard = static_cast<Heard*>(data);
  if (GST_BUFFER_PTS(buffer) == 0) ++heard->calls;
  heard->layers = count;
  heard->batch = batch;
  heard->width = network->width;
  heard->name = layers[0].layerName;
  heard->first = static_cast<const float*>(layers[0].buffer)[0];
}

struct InFolder {
  explicit InFolder(const std::string& path) : before(std::filesystem::current_path()) {
    std::filesystem::current_path(path);
  }
  ~InFolder() { std::filesystem::current_path(before); }
  InFolder(const InFolder&) = delete;
  InFolder& operator=(const InFolder&) = delete;
  std::filesystem::path before;
};

void push_one(Harness& h) {
  h.play();
  auto* buffer = gst_harness_push_and_pull(h.harness, new_batch(1, 0));
  REQUIRE(buffer);
  gst_buffer_unref(buffer);
}

}  // namespace

TEST_CASE("a callback of C's gets the outputs of each inference") {
  const Folder folder;
  Harness h(model_in(folder));
  Heard heard;
  g_object_set(h.element, "raw-output-generated-callback", hear, "raw-output-generated-userdata", &heard, nullptr);
  push_one(h);
  CHECK(heard.calls == 1);
  CHECK(heard.layers == 2);
  CHECK(heard.batch == 1);
  CHECK(heard.width == side);
  CHECK(heard.name == "boxes");
  CHECK(heard.first == 4);
}

TEST_CASE("outputs are written under DeepStream's names") {
  const Folder folder;
  const auto model = model_in(folder);
  const InFolder inside(folder / "");
  Harness h(model);
  g_object_set(h.element, "raw-output-file-write", TRUE, "unique-id", 7, nullptr);
  push_one(h);
  std::ifstream file(folder / "gstnvdsinfer_uid-07_layer-boxes_batch-0000000000_batchsize-01.bin", std::ios::binary);
  float values[5] = {};
  REQUIRE(file.read(reinterpret_cast<char*>(values), sizeof values));
  CHECK(values[4] == .9F);
  CHECK(std::filesystem::file_size(folder / "gstnvdsinfer_uid-07_layer-labels_batch-0000000000_batchsize-01.bin") == 8);
}

TEST_CASE("a file that cannot be written ends the pipeline with its name") {
  const Folder folder;
  const auto model = model_in(folder);
  const InFolder inside(folder / "");
  const std::string name = "gstnvdsinfer_uid-15_layer-boxes_batch-0000000000_batchsize-01.bin";
  std::filesystem::create_directory(folder / name);
  Harness h(model);
  g_object_set(h.element, "raw-output-file-write", TRUE, nullptr);
  auto* bus = gst_bus_new();
  gst_element_set_bus(h.element, bus);
  h.play();
  gst_harness_push(h.harness, new_batch(1, 0));
  auto* message = gst_bus_timed_pop_filtered(bus, 5 * GST_SECOND, GST_MESSAGE_ERROR);
  REQUIRE(message);
  GError* error = nullptr;
  gst_message_parse_error(message, &error, nullptr);
  CHECK(std::string(error->message).find("raw-output-file-write: cannot write " + name) != std::string::npos);
  g_error_free(error);
  gst_message_unref(message);
  gst_element_set_bus(h.element, nullptr);
  gst_object_unref(bus);
}

TEST_CASE("boxes that cross a class's offsets are dropped, or cut at them") {
  const Folder folder;
  model_in(folder);
  const std::string keys = "[property]\nonnx-file=tiny.xml\n";
  const std::string offsets = "[class-attrs-all]\nroi-top-offset=10\nroi-bottom-offset=14\n";
  const auto box_of = [&](const std::string& more) {
    const auto config = folder.write("c.txt", keys + more + offsets);
    auto* element = new_element();
    g_object_set(element, "config-file-path", config.c_str(), nullptr);
    auto* harness = gst_harness_new_with_element(element, "sink", "src");
    gst_harness_set_src_caps(harness, surface_caps({PixelFormat::rgba, {2 * side, 2 * side}, {}}, 25, 1, 4));
    auto* buffer = gst_harness_push_and_pull(harness, new_batch(1, 0));
    REQUIRE(buffer);
    Box found;
    for (auto* frame : each<NvDsFrameMeta>(gst_buffer_get_nvds_batch_meta(buffer)->frame_meta_list))
      for (auto* object : each<NvDsObjectMeta>(frame->obj_meta_list))
        found = {object->rect_params.left, object->rect_params.top, object->rect_params.width,
                 object->rect_params.height};
    gst_buffer_unref(buffer);
    gst_harness_teardown(harness);
    gst_object_unref(element);
    return found;
  };
  CHECK(box_of("").width == 0);  // 4 to 56 of 64 pixels: above 10 and below 50
  const Box cut = box_of("crop-objects-to-roi-boundary=1\n");
  CHECK(cut.top == doctest::Approx(10));
  CHECK(cut.bottom() == doctest::Approx(50));
  CHECK(cut.width == doctest::Approx(20));
}

#endif
