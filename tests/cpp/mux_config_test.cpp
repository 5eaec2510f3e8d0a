// fluvialmux: DeepStream's new mux (USE_NEW_NVSTREAMMUX=yes) and its configuration file.
#include "leaks.h"
#include "mux_fixture.h"

#include <filesystem>
#include <fstream>
#include <thread>

using namespace fluvial;
using namespace testing;

namespace {

class ConfigFile {
 public:
  explicit ConfigFile(const std::string& text, const char* extension = ".txt")
      : path_((std::filesystem::temp_directory_path() / ("mux_config_" + std::to_string(g_random_int()))).string() +
              extension) {
    std::ofstream(path_) << text;
  }
  ~ConfigFile() { std::filesystem::remove(path_); }
  const char* path() const { return path_.c_str(); }

 private:
  std::string path_;
};

struct NewMux : Mux {
  NewMux(guint batch_size, const char* config) : Mux(made(batch_size, config)) {}

 private:
  static GstElement* made(guint batch_size, const char* config) {
    g_setenv("USE_NEW_NVSTREAMMUX", "yes", TRUE);
    auto* element = gst_element_factory_make("nvstreammux", nullptr);
    g_object_set(element, "batch-size", batch_size, "config-file-path", config, nullptr);
    return element;
  }
};

// What the mux says of a file when it is about to start; empty: nothing.
std::string problem_of(const char* path) {
  auto* mux = gst_element_factory_make("fluvialmux", nullptr);
  auto* bus = gst_bus_new();
  gst_element_set_bus(mux, bus);
  g_object_set(mux, "config-file-path", path, nullptr);
  const bool is_ready = gst_element_set_state(mux, GST_STATE_READY) == GST_STATE_CHANGE_SUCCESS;
  std::string text;
  if (auto* message = gst_bus_pop_filtered(bus, GST_MESSAGE_ERROR)) {
    GError* error = nullptr;
    gst_message_parse_error(message, &error, nullptr);
    text = error->message;
    g_error_free(error);
    gst_message_unref(message);
  }
  CHECK(is_ready == text.empty());
  gst_element_set_state(mux, GST_STATE_NULL);
  gst_element_set_bus(mux, nullptr);
  gst_object_unref(bus);
  gst_object_unref(mux);
  return text;
}

bool has(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

}  // namespace

TEST_CASE("the file of DeepStream's own samples is read, as INI and as YAML") {
  const ConfigFile ini(
      "[property]\nalgorithm-type=1\nbatch-size=4\nadaptive-batching=1\nmax-fps-control=0\noverall-max-fps-n=30\n"
      "overall-max-fps-d=1\noverall-min-fps-n=5\noverall-min-fps-d=1\nmax-same-source-frames=1\n"
      "[source-config-0]\nmax-fps-n=60\nmax-fps-d=1\nmin-fps-n=30\nmin-fps-d=1\npriority=0\n"
      "max-num-frames-per-batch=1\n");
  CHECK(problem_of(ini.path()).empty());
  const ConfigFile yaml("property:\n  algorithm-type: 1\n  adaptive-batching: 1\nsource-config-2:\n  priority: 1\n",
                        ".yml");
  CHECK(problem_of(yaml.path()).empty());
}

TEST_CASE("all that is wrong in a file is told at once, each with its key and the nearest name") {
  const ConfigFile file(
      "[property]\nalgoritm-type=1\nbatch-size=0\nadaptive-batching=maybe\n[source-config-0]\npriorty=1\n"
      "[source-config-x]\npriority=1\n[sources]\na=1\n");
  const auto text = problem_of(file.path());
  CHECK(has(text, std::string("config-file-path='") + file.path() + "'"));
  CHECK(has(text, "[property] algoritm-type is not known; did you mean 'algorithm-type'?"));
  CHECK(has(text, "[property] batch-size=0: allowed are whole numbers, 1 to 1024"));
  CHECK(has(text, "[property] adaptive-batching=maybe: allowed are 0 and 1"));
  CHECK(has(text, "[source-config-0] priorty is not known; did you mean 'priority'?"));
  CHECK(has(text, "[source-config-x]: allowed are [source-config-N] with the number N of a sink pad"));
  CHECK(has(text, "group [sources] is not known; known are property, source-config-0"));
}

TEST_CASE("a file that is not there is an error with its path") {
  const auto text = problem_of("/nowhere/mux.txt");
  CHECK(has(text, "config-file-path='/nowhere/mux.txt'"));
  CHECK(has(text, "No such file"));
}

TEST_CASE("a wrong file set while the mux runs is an error on the bus, and the old one stays") {
  const ConfigFile good("[property]\nadaptive-batching=0\nbatch-size=2\nmax-same-source-frames=2\n");
  NewMux mux(0, good.path());
  auto* bus = gst_bus_new();
  gst_element_set_bus(mux.element, bus);
  const ConfigFile bad("[property]\nbatchsize=1\n");
  g_object_set(mux.element, "config-file-path", bad.path(), nullptr);
  auto* message = gst_bus_pop_filtered(bus, GST_MESSAGE_ERROR);
  REQUIRE(message);
  gst_message_unref(message);
  mux.add(0);
  mux.push(0, 0);
  mux.push(0, 1);
  CHECK(pull(mux) == "0:0 0:1 ");
  gst_element_set_bus(mux.element, nullptr);
  gst_object_unref(bus);
}

TEST_CASE("adaptive batching: a place for each source that runs, whatever the batch size") {
  NewMux mux(1, nullptr);
  mux.add(0);
  mux.add(1);
  mux.push(0);
  mux.push(1);
  CHECK(pull(mux) == "0:0 1:0 ");
  mux.end(1);
  mux.push(0);
  CHECK(pull(mux) == "0:1 ");
}

TEST_CASE(
    "without adaptive batching a batch has as many places as it says, and several frames of a source when allowed") {
  const ConfigFile file("[property]\nadaptive-batching=0\nmax-same-source-frames=2\noverall-min-fps-n=1\n");
  NewMux mux(3, file.path());
  mux.add(0);
  mux.add(1);
  mux.push(0, 0);
  mux.push(0, 1);
  mux.push(1, 0);
  CHECK(pull(mux) == "0:0 0:1 1:0 ");
}

TEST_CASE("a batch that is not full goes out by overall-min-fps, unless batched-push-timeout is set") {
  const ConfigFile file("[property]\noverall-min-fps-n=1\noverall-min-fps-d=1000\n");
  const ConfigFile fast("[property]\noverall-min-fps-n=50\noverall-min-fps-d=1\n");
  for (const bool is_set : {false, true}) {
    NewMux mux(2, is_set ? file.path() : fast.path());
    if (is_set) g_object_set(mux.element, "batched-push-timeout", 20000, nullptr);
    mux.add(0);
    mux.add(1);
    mux.push(0, 0);
    mux.push(1, 0);
    CHECK(pull(mux) == "0:0 1:0 ");
    mux.push(0, 1);
    CHECK(pull(mux) == "0:1 ");
  }
}

TEST_CASE("max-fps-control: batches are at least that far apart") {
  const ConfigFile file("[property]\nmax-fps-control=1\noverall-max-fps-n=20\noverall-max-fps-d=1\n");
  NewMux mux(1, file.path());
  mux.add(0);
  const gint64 before = g_get_monotonic_time();
  for (int n = 0; n < 3; ++n) mux.push(0, n);
  for (int n = 0; n < 3; ++n) pull(mux);
  CHECK(g_get_monotonic_time() - before >= 100000);
}

TEST_CASE("enable-source-rate-control: a source gives no more than its max-fps, and others do not wait for it") {
  const ConfigFile file("[property]\nenable-source-rate-control=1\n[source-config-0]\nmax-fps-n=1\nmax-fps-d=1000\n");
  NewMux mux(2, file.path());
  g_object_set(mux.element, "batched-push-timeout", G_MAXINT, nullptr);
  mux.add(0);
  mux.add(1);
  mux.push(0, 0);
  mux.push(0, 1);
  mux.push(1, 0);
  CHECK(pull(mux) == "0:0 1:0 ");
  mux.push(1, 1);
  CHECK(pull(mux) == "1:1 ");
}

TEST_CASE("sources of a lower priority number come first") {
  const ConfigFile file(
      "[property]\nadaptive-batching=0\nbatch-size=1\nmax-fps-control=1\noverall-max-fps-n=10\n"
      "[source-config-0]\npriority=1\n");
  NewMux mux(0, file.path());
  mux.add(0);
  mux.add(1);
  mux.push(0, 0);
  CHECK(pull(mux) == "0:0 ");
  mux.push(0, 1);  // these wait for the next batch's time
  mux.push(0, 2);
  mux.push(1, 0);
  CHECK(pull(mux) == "1:0 ");
  CHECK(pull(mux) == "0:1 ");
}

TEST_CASE("the new mux does not scale: width and height have no effect") {
  NewMux mux(1, nullptr);
  g_object_set(mux.element, "width", 64, "height", 64, nullptr);
  mux.add(0);
  mux.push(0);
  auto* buffer = mux.out->pull();
  CHECK(surface_at(buffer, 0)->format().size == Size{16, 16});
  gst_buffer_unref(buffer);
}
