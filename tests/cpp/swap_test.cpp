// Another model takes over while frames flow: none is lost, each is read by one model, a broken one changes nothing.
#include "infer_fixture.h"
#include "leaks.h"
#include "messages.h"
// leaks.h has the main()
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <thread>

#include "elements/infer/swap.h"
#include "nvdsinfer.h"

using namespace fluvial;        // NOLINT
using namespace infer_fixture;  // NOLINT

TEST_CASE("one model is loaded at a time, the newest wish wins, and nothing is left over from an earlier life") {
  SwapLine line;
  const auto wish = [](const std::string& path) { return SwapWish{{}, "", {}, "model", path}; };
  CHECK_FALSE(line.ask(wish("closed")).starts_loading);
  CHECK_FALSE(line.next());
  line.open();
  CHECK(line.ask(wish("a")).starts_loading);
  const auto first = line.next();
  REQUIRE(first);
  CHECK(first->first.path == "a");
  CHECK_FALSE(line.ask(wish("b")).starts_loading);  // whoever loads a takes it next
  const auto asked = line.ask(wish("c"));
  REQUIRE(asked.superseded);
  CHECK(asked.superseded->path == "b");
  CHECK(line.while_alive(first->second, [] {}));
  CHECK(line.next()->first.path == "c");
  CHECK_FALSE(line.next());
  CHECK(line.ask(wish("d")).starts_loading);
  line.close();
  CHECK_FALSE(line.next());
  line.open();
  CHECK_FALSE(line.while_alive(first->second, [] { FAIL("of an earlier life"); }));
}

#ifndef __SANITIZE_ADDRESS__  // models need OpenVINO, which the sanitizers' build does not have

namespace {

// What the signal said, in order. Any thread.
class Updates {
 public:
  explicit Updates(GstElement* element) { g_signal_connect(element, "model-updated", G_CALLBACK(heard), this); }

  std::pair<int, std::string> next() {
    std::unique_lock lock(mutex_);
    REQUIRE(changed_.wait_for(lock, std::chrono::seconds(20), [this] { return !heard_.empty(); }));
    auto first = heard_.front();
    heard_.pop_front();
    return first;
  }

 private:
  static void heard(GstElement*, gint status, const gchar* path, gpointer self) {
    auto* updates = static_cast<Updates*>(self);
    const std::lock_guard lock(updates->mutex_);
    updates->heard_.emplace_back(status, path);
    updates->changed_.notify_all();
  }

  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<std::pair<int, std::string>> heard_;
};

// A detector that finds so many boxes in every picture.
std::string model_of(const Folder& folder, const std::string& name, int boxes) {
  std::vector<float> rows;
  std::vector<std::int64_t> labels;
  for (int i = 0; i < boxes; ++i) {
    const auto left = static_cast<float>(4 * i);
    for (float value : {left, 2.0F, left + 3, 12.0F, 0.9F}) rows.push_back(value);
    labels.push_back(0);
  }
  return write_constant_model(folder, name,
                              {floats("boxes", {boxes, 5}, rows), {"labels", {boxes}, "i64", bytes_of_all(labels)}});
}

int boxes_in(GstBuffer* buffer) {
  int count = -1;
  for (auto* frame : each<NvDsFrameMeta>(gst_buffer_get_nvds_batch_meta(buffer)->frame_meta_list)) {
    const auto found = static_cast<int>(frame->num_obj_meta);
    CHECK((count == -1 || count == found));  // a batch is one model's
    count = found;
  }
  return count;
}

std::string next_warning(GstBus* bus) {
  return text_of(gst_bus_timed_pop_filtered(bus, 5 * GST_SECOND, GST_MESSAGE_WARNING));
}

// Waits, when it goes, until the element is gone: a thread of GStreamer's may hold it a moment longer than the signal.
class Gone {
 public:
  void watch(GstElement* element) { g_object_weak_ref(G_OBJECT(element), is_gone, this); }
  ~Gone() {
    std::unique_lock lock(mutex_);
    changed_.wait_for(lock, std::chrono::seconds(20), [this] { return is_gone_; });
  }

 private:
  static void is_gone(gpointer self, GObject*) {
    auto* gone = static_cast<Gone*>(self);
    const std::lock_guard lock(gone->mutex_);
    gone->is_gone_ = true;
    gone->changed_.notify_all();
  }

  std::mutex mutex_;
  std::condition_variable changed_;
  bool is_gone_ = false;
};

// The element with a bus, playing.
struct Playing {
  explicit Playing(const std::string& model, const std::string& config = "") : h(model, "nvinfer"), updates(h.element) {
    if (!config.empty()) g_object_set(h.element, "config-file-path", config.c_str(), nullptr);
    gone.watch(h.element);
    bus = gst_bus_new();
    gst_element_set_bus(h.element, bus);
    h.play();
  }
  ~Playing() {
    gst_element_set_bus(h.element, nullptr);
    gst_object_unref(bus);
  }
  Playing(const Playing&) = delete;
  Playing& operator=(const Playing&) = delete;

  int boxes(int frame_num) {
    auto* buffer = gst_harness_push_and_pull(h.harness, new_batch(2, frame_num));
    REQUIRE(buffer);
    const int count = boxes_in(buffer);
    gst_buffer_unref(buffer);
    return count;
  }

  Gone gone;
  Harness h;
  Updates updates;
  GstBus* bus = nullptr;
};

}  // namespace

TEST_CASE("a model, an engine that is named after one, and a config take over, and the signal says so") {
  const Folder folder;
  const auto one = model_of(folder, "one", 1), two = model_of(folder, "two", 2), three = model_of(folder, "three", 3);
  Playing p(one);
  CHECK(p.boxes(0) == 1);
  g_object_set(p.h.element, "model", two.c_str(), nullptr);
  CHECK(p.updates.next() == std::pair<int, std::string>{0, two});
  CHECK(p.boxes(1) == 2);
  CHECK(text_of(p.h.element, "explanation").find(two) != std::string::npos);
  g_object_set(p.h.element, "model-engine-file", three.c_str(), nullptr);
  CHECK(p.updates.next() == std::pair<int, std::string>{0, three});
  CHECK(p.boxes(2) == 3);
}

TEST_CASE("a config that takes over brings its settings") {
  const Folder folder;
  model_of(folder, "one", 1);
  model_of(folder, "two", 2);
  const auto first = folder.write("first.txt", "[property]\nonnx-file=one.xml\ngie-unique-id=3\n");
  const auto second = folder.write("second.txt", "[property]\nonnx-file=two.xml\ngie-unique-id=4\nunknwn=1\n");
  Playing p("", first);
  CHECK(p.boxes(0) == 1);
  g_object_set(p.h.element, "config-file-path", second.c_str(), nullptr);
  CHECK(p.updates.next() == std::pair<int, std::string>{0, second});
  CHECK(next_warning(p.bus).find("second.txt: [property] unknwn is not known") == 0);
  CHECK(p.boxes(1) == 2);
}

TEST_CASE("a broken model leaves the old one running, and says so once") {
  const Folder folder;
  Playing p(model_of(folder, "one", 1));
  const auto broken = folder.write("broken.onnx", "no model");
  g_object_set(p.h.element, "model", broken.c_str(), nullptr);
  CHECK(p.updates.next() == std::pair<int, std::string>{NVDSINFER_CONFIG_FAILED, broken});
  const auto text = next_warning(p.bus);
  CHECK(text.find("model=" + broken +
                  " is not taken, the model that runs stays: model: not an ONNX file but plain text") == 0);
  CHECK_FALSE(gst_bus_pop_filtered(p.bus, GST_MESSAGE_WARNING));
  CHECK(p.boxes(0) == 1);
  const auto config = folder.write("bad.txt", "[property]\nbatch-size=0\n");
  g_object_set(p.h.element, "config-file-path", config.c_str(), nullptr);
  CHECK(p.updates.next() == std::pair<int, std::string>{NVDSINFER_CONFIG_FAILED, config});
  CHECK(next_warning(p.bus).find("bad.txt: [property] batch-size=0: allowed are whole numbers") != std::string::npos);
  CHECK(p.boxes(1) == 1);
}

TEST_CASE("under load every frame comes out, in order, each from one of the models") {
  const Folder folder;
  const std::vector<std::string> models{model_of(folder, "one", 1), model_of(folder, "two", 2)};
  Playing p(models[0]);
  std::atomic<bool> is_done{false};
  std::atomic<int> pushed{0};
  std::thread pusher([&] {
    for (; !is_done; ++pushed) REQUIRE(gst_harness_push(p.h.harness, new_batch(3, pushed)) == GST_FLOW_OK);
  });
  for (int swap = 0; swap < 12; ++swap) {
    g_object_set(p.h.element, "model", models[static_cast<std::size_t>(swap % 2)].c_str(), nullptr);
    CHECK(p.updates.next().first == 0);
  }
  is_done = true;
  pusher.join();
  int counts[3] = {};
  for (int n = 0; n < pushed; ++n) {
    auto* buffer = gst_harness_pull(p.h.harness);
    REQUIRE(buffer);
    CHECK(GST_BUFFER_PTS(buffer) == static_cast<GstClockTime>(n) * 40 * GST_MSECOND);
    const int found = boxes_in(buffer);
    REQUIRE((found == 1 || found == 2));
    ++counts[found];
    gst_buffer_unref(buffer);
  }
  MESSAGE(pushed.load() << " batches through 12 swaps: " << counts[1] << " and " << counts[2]);
  CHECK(counts[1] > 0);
  CHECK(counts[2] > 0);
}

TEST_CASE("stopping while a model is loaded waits for nothing, and starting again runs what was said") {
  const Folder folder;
  const auto one = model_of(folder, "one", 1), two = model_of(folder, "two", 2);
  for (int round = 0; round < 5; ++round) {
    Playing p(one);
    g_object_set(p.h.element, "model", two.c_str(), nullptr);
    gst_element_set_state(p.h.element, GST_STATE_NULL);
    gst_element_set_state(p.h.element, GST_STATE_PLAYING);
    CHECK(text_of(p.h.element, "explanation").find(two) != std::string::npos);
  }
}

#endif
