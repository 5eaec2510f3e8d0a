// The element in a harness: its properties, its errors, and a tiny model that is written here, through OpenVINO.
#define DOCTEST_CONFIG_IMPLEMENT_WITH_MAIN
#include <doctest/doctest.h>

#include <atomic>
#include <thread>

#include "elements/events.h"
#include "infer_fixture.h"

using namespace fluvial;        // NOLINT
using namespace infer_fixture;  // NOLINT

namespace {

struct GstStarted {
  GstStarted() { gst_init(nullptr, nullptr); }
} started;

// A detector that finds the same two boxes in every picture.
std::string write_model(const Folder& folder) {
  return write_constant_model(folder, "tiny",
                              {floats("boxes", {2, 5}, {4, 8, 14, 28, .9F, 16, 0, 32, 16, .6F}),
                               {"labels", {2}, "i64", bytes_of_all(std::vector<std::int64_t>{0, 1})}});
}

std::string start_error_of_model(const std::string& path) {
  auto* element = new_element();
  g_object_set(element, "model", path.c_str(), nullptr);
  const auto text = start_error(element);
  gst_object_unref(element);
  return text;
}

}  // namespace

TEST_CASE("properties have DeepStream's names and defaults, under both names of the element") {
  for (const char* factory : {"fluvialinfer", "nvinfer"}) {
    auto* element = new_element(factory);
    guint unique_id = 0, batch_size = 0, interval = 1;
    gint on_gie = 0, mode = 0;
    gboolean clips = FALSE;
    g_object_get(element, "unique-id", &unique_id, "batch-size", &batch_size, "interval", &interval, "infer-on-gie-id",
                 &on_gie, "process-mode", &mode, "clip-object-outside-roi", &clips, nullptr);
    CHECK(unique_id == 15);
    CHECK(batch_size == 1);
    CHECK(interval == 0);
    CHECK(on_gie == -1);
    CHECK(mode == 1);
    CHECK(clips == TRUE);
    CHECK(std::string(GST_OBJECT_NAME(element)).find(factory) == 0);
    gst_object_unref(element);
  }
}

TEST_CASE("a config file is read when its property is set, and the user's word wins, before or after") {
  const Folder folder;
  const auto config =
      folder.write("c.txt", "[property]\nbatch-size=30\ninterval=4\ngie-unique-id=2\noperate-on-class-ids=0;2\n");
  auto* element = new_element();
  g_object_set(element, "interval", 7, nullptr);
  g_object_set(element, "config-file-path", config.c_str(), nullptr);
  guint batch_size = 0, interval = 0, unique_id = 0;
  g_object_get(element, "batch-size", &batch_size, "interval", &interval, "unique-id", &unique_id, nullptr);
  CHECK(batch_size == 30);
  CHECK(interval == 7);
  CHECK(unique_id == 2);
  CHECK(text_of(element, "infer-on-class-ids") == "0:2");
  CHECK(text_of(element, "config-file-path") == config);
  g_object_set(element, "batch-size", 2, nullptr);
  g_object_get(element, "batch-size", &batch_size, nullptr);
  CHECK(batch_size == 2);
  gst_object_unref(element);
}

TEST_CASE("what is wrong is said at the start, in words that name key, value and file") {
  const Folder folder;
  CHECK(start_error_of_model("").find("set the property 'model'") != std::string::npos);
  CHECK(start_error_of_model(folder.write("m.bin", "x")).find("this one in '.bin'; export the model to ONNX") !=
        std::string::npos);
  CHECK(start_error_of_model(folder.write("m.pt", "x"))
            .find("nobody offers a backend 'pytorch'; there are auto, openvino; "
                  "those of Python's are there in programs that import "
                  "fluvial") != std::string::npos);
  CHECK(start_error_of_model(folder / "none.onnx") == "model: no such model file: " + folder / "none.onnx");
  CHECK(start_error_of_model(folder.write("m.engine", "x")).find("export the model to ONNX") != std::string::npos);
  CHECK(start_error_of_model(folder.write("e.onnx", "")).find("is empty") != std::string::npos);

  auto* element = new_element();
  const auto config = folder.write("bad.txt", "[property]\nbatch-size=0\ninterval=x\n");
  g_object_set(element, "config-file-path", config.c_str(), "infer-on-class-ids", "car", nullptr);
  const auto text = start_error(element);
  CHECK(text.find("bad.txt: [property] batch-size=0: allowed are whole numbers, 1 to 1024") != std::string::npos);
  CHECK(text.find("interval=x") != std::string::npos);
  CHECK(text.find("infer-on-class-ids=car") != std::string::npos);
  CHECK(text.find(config) != std::string::npos);
  gst_object_unref(element);
}

TEST_CASE("a config that is not there is named once, with the folder in which it was looked for") {
  auto* element = new_element();
  g_object_set(element, "config-file-path", "none.txt", nullptr);
  CHECK(start_error(element) ==
        "none.txt: No such file or directory; (" + (std::filesystem::current_path() / "none.txt").string() + ")");
  gst_object_unref(element);
}

#ifdef __SANITIZE_ADDRESS__
// The sanitizers' build has no OpenVINO: so the words for its absence are tested there, and models in the other one.
TEST_CASE("without OpenVINO the error says what to install") {
  const Folder folder;
  CHECK(start_error_of_model(write_model(folder)).find("pip install openvino") != std::string::npos);
}
#else

TEST_CASE("a damaged model is an error with its path") {
  const Folder folder;
  const auto path = folder.write("broken.onnx", "this is no model");
  const auto text = start_error_of_model(path);
  CHECK(text.find("model: not an ONNX file but plain text") == 0);
  CHECK(text.find(path) != std::string::npos);
  CHECK(text.find("Exception from") == std::string::npos);
}

TEST_CASE("boxes of every frame of a batch reach downstream, in order, and EOS after them") {
  const Folder folder;
  Harness h(write_model(folder), "nvinfer");
  h.play();
  for (int n = 0; n < 12; ++n) CHECK(gst_harness_push(h.harness, new_batch(4, n)) == GST_FLOW_OK);
  gst_harness_push_event(h.harness, gst_event_new_eos());
  for (int n = 0; n < 12; ++n) {
    auto* buffer = gst_harness_pull(h.harness);
    REQUIRE(buffer);
    CHECK(GST_BUFFER_PTS(buffer) == static_cast<GstClockTime>(n) * 40 * GST_MSECOND);
    for (auto* frame : each<NvDsFrameMeta>(gst_buffer_get_nvds_batch_meta(buffer)->frame_meta_list)) {
      CHECK(frame->frame_num == n);
      CHECK(frame->num_obj_meta == 2);
      for (auto* object : each<NvDsObjectMeta>(frame->obj_meta_list)) {
        if (object->class_id != 0) continue;
        // The network's input is half as large as the frame.
        CHECK(object->rect_params.left == doctest::Approx(8));
        CHECK(object->rect_params.top == doctest::Approx(16));
        CHECK(object->rect_params.width == doctest::Approx(20));
        CHECK(object->rect_params.height == doctest::Approx(40));
        CHECK(object->confidence == doctest::Approx(0.9));
      }
    }
    gst_buffer_unref(buffer);
  }
  GstEvent* event = nullptr;
  GstEventType last = GST_EVENT_UNKNOWN;
  while (last != GST_EVENT_EOS && (event = gst_harness_pull_event(h.harness))) {
    last = GST_EVENT_TYPE(event);
    gst_event_unref(event);
  }
  CHECK(last == GST_EVENT_EOS);
  CHECK(text_of(h.element, "backend").find("OpenVINO") == 0);
  CHECK(text_of(h.element, "explanation").find("head boxes_labels") != std::string::npos);
}

TEST_CASE("flushes, and stops in the middle, end without a hang") {
  const Folder folder;
  const auto model = write_model(folder);
  for (int round = 0; round < 10; ++round) {
    Harness h(model);
    h.play();
    std::atomic<bool> is_done{false};
    std::thread pusher([&] {
      for (int n = 0; !is_done; ++n) gst_harness_push(h.harness, new_batch(3, n));
    });
    std::this_thread::sleep_for(std::chrono::milliseconds(3));
    if (round % 2 == 0) {
      gst_harness_push_event(h.harness, gst_event_new_flush_start());
      gst_harness_push_event(h.harness, gst_event_new_flush_stop(TRUE));
      std::this_thread::sleep_for(std::chrono::milliseconds(3));
    } else {
      gst_element_set_state(h.element, GST_STATE_READY);
    }
    is_done = true;
    pusher.join();
  }
}

TEST_CASE("a live pipeline is told the time that an inference takes") {
  const Folder folder;
  Harness h(write_model(folder));
  h.play();
  gst_harness_set_upstream_latency(h.harness, 20 * GST_MSECOND);
  CHECK(gst_harness_query_latency(h.harness) > 20 * GST_MSECOND);
}

TEST_CASE("a stand-in is announced on the bus, and its classes are renamed") {
  const Folder folder;
  write_model(folder);
  const auto table = folder.write("table.tsv", "detector.onnx\ttiny.xml\tlabels.txt\t0=2,1=0\n");
  folder.write("labels.txt", "vehicle\nbicycle\nperson\nroadsign\n");
  const auto config =
      folder.write("c.txt",
                   "[property]\nonnx-file=/opt/models/detector.onnx\nlabelfile-path=/opt/models/l.txt\n"
                   "num-detected-classes=4\nnet-scale-factor=0.5\n[class-attrs-all]\npre-cluster-threshold=0.1\n");
  g_setenv("FLUVIAL_STANDINS", table.c_str(), TRUE);
  auto* element = new_element();
  g_object_set(element, "config-file-path", config.c_str(), nullptr);
  auto* bus = gst_bus_new();
  gst_element_set_bus(element, bus);
  auto* harness = gst_harness_new_with_element(element, "sink", "src");
  g_unsetenv("FLUVIAL_STANDINS");
  gst_harness_set_src_caps(harness, surface_caps({PixelFormat::rgba, {2 * side, 2 * side}, {}}, 25, 1, 1));
  auto* message = gst_bus_pop_filtered(bus, GST_MESSAGE_ELEMENT);
  REQUIRE(message);
  const auto* structure = gst_message_get_structure(message);
  CHECK(gst_structure_has_name(structure, "fluvial-stand-in"));
  CHECK(std::string(gst_structure_get_string(structure, "absent")) == "/opt/models/detector.onnx");
  CHECK(std::string(gst_structure_get_string(structure, "model")) == folder / "tiny.xml");
  gst_message_unref(message);
  auto* buffer = gst_harness_push_and_pull(harness, new_batch(1, 0));
  REQUIRE(buffer);
  std::vector<std::string> labels;
  for (auto* frame : each<NvDsFrameMeta>(gst_buffer_get_nvds_batch_meta(buffer)->frame_meta_list))
    for (auto* object : each<NvDsObjectMeta>(frame->obj_meta_list)) labels.emplace_back(object->obj_label);
  CHECK(labels == std::vector<std::string>{"vehicle", "person"});
  gst_buffer_unref(buffer);
  gst_harness_teardown(harness);
  gst_element_set_bus(element, nullptr);
  gst_object_unref(element);
  gst_object_unref(bus);
}

#endif
